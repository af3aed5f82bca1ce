import { redactText } from "../../observe/redaction.ts";

/** The members that identify an event on a queue. The payload is left out, because it may contain secrets. */
const EVENT_MEMBERS = ["id", "name", "key", "keyNumber", "position"];

/** The data of a job on a queue that may be shown: ids and names, but no payloads. */
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

/** An answer whose texts have no credentials. The reasons of failures are errors that handlers threw, and may contain some. */
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
