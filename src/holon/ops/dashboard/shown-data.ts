import { redactText } from "../../observe/text-redaction.ts";

/** Members of a travelling event that are addresses. Its payload may be anybody's secret. */
const EVENT_MEMBERS = ["id", "name", "key", "keyNumber", "position"];

/** What a job on a queue may show of its data: addresses, no payloads. */
export function shownData(data: unknown): unknown {
  if (!isRecord(data)) return data;
  const { producer, events, ids, kind, subscriber } = data;
  return {
    ...(ids === undefined ? {} : { ids }),
    ...(kind === undefined ? {} : { kind }),
    ...(subscriber === undefined ? {} : { subscriber }),
    ...(producer === undefined ? {} : { producer }),
    ...(Array.isArray(events) ? { events: events.map(shownEvent) } : {}),
  };
}

/** An answer of the board with the credentials taken out of the reasons, which are whatever a handler threw. */
export function withoutSecrets(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(withoutSecrets);
  if (typeof answer === "string") return redactText(answer);
  if (!isRecord(answer)) return answer;
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, withoutSecrets(value)]));
}

function shownEvent(event: unknown): unknown {
  if (!isRecord(event)) return event;
  return Object.fromEntries(EVENT_MEMBERS.filter((name) => event[name] !== undefined).map((name) => [name, event[name]]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
