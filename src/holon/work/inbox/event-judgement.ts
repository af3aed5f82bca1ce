import { ParseFailure } from "../../contract/index.ts";
import { storableText } from "../../kernel/thrown.ts";
import { describeError } from "../../observe/redaction.ts";
import type { EventMessage } from "./event-message.ts";
import type { EventRoute, EventRoutes } from "./event-routes.ts";
import type { HandlerBlame } from "./handler-blame.ts";
import type { HandlerPauses } from "./handler-pauses.ts";
import { type InboxEntry, type InboxState, placeOf, undecidedOf } from "./inbox.ts";

/** Longest reason in a row of the inbox. Units: characters. */
export const REASON_LENGTH = 2_000;

/** The reason of a held event that has no handler in this process. */
const NO_HANDLER = "The process that took this event has no handler for it. It is held for a process that has one.";

/** The reason of a held event whose turn it is, but whose handler might be slow. */
const SLOW_HANDLER = "The handler of another event took too long. This event is held until other events have had their turn.";

/** An event whose handler took long and failed, and its error. */
export interface SlowFailure {
  readonly message: EventMessage;
  readonly error: unknown;
}

/** An event with the state that it is entered in, and its parsed payload. */
export interface Candidate extends InboxEntry {
  readonly payload: unknown;
  /** Undefined if this process has no handler. */
  readonly route: EventRoute | undefined;
  readonly waitsFor: Wait | undefined;
  /** The state of the event's row, if the event has a key and was taken before. */
  readonly knownState: InboxState | undefined;
}

/** The events of one message, and the states that are known of them. */
interface KnownEvents {
  readonly producer: string;
  readonly messages: readonly EventMessage[];
  /** As {@link Inbox.statesAround} returns them. */
  readonly known: ReadonlyMap<string, InboxState>;
  /** From this event on, due events are held; undefined if no handler was slow. */
  readonly holdFrom: SlowFailure | undefined;
}

/** Decides about each event. Events of one key are decided in their order: an event that will be handled now counts as done for the next one of its key. */
export function judgeEvents(
  { routes, pauses }: { readonly routes: EventRoutes; readonly pauses: HandlerPauses },
  { producer, messages, known, holdFrom }: KnownEvents,
  blame: HandlerBlame<EventMessage>,
): Candidate[] {
  const states = new Map(known);
  return messages.map((message) => {
    const route = routes.find(producer, message.name);
    const waitsFor = waitOf(message, states);
    const isHere = holdFrom !== undefined && message.position >= holdFrom.message.position;
    const isSlow = isHere || pauses.isSlow({ producer, name: message.name });
    const isTurn = waitsFor === undefined && !isSlow;
    // A payload is checked only when it is the turn of its event. If an event were parked before its turn, an operator could release it before its predecessor
    // has come.
    const payload = blame.duringParse(() => (isTurn ? route?.parse(message.payload) : message.payload));
    const state = payload instanceof ParseFailure ? "parked" : isTurn && route !== undefined ? "done" : "held";
    const isDue = waitsFor === undefined || waitsFor === "decision";
    const place = message.key === null || message.keyNumber === null ? undefined : placeOf(message.name, message.key, message.keyNumber);
    const knownState = place === undefined ? undefined : known.get(place);
    if (place !== undefined && !states.has(place)) states.set(place, state);
    const judged = { message, state, route, isDue, waitsFor, knownState } as const;
    if (payload instanceof ParseFailure) return { ...judged, payload: undefined, reason: misfit(payload) };
    if (route === undefined) return { ...judged, payload, reason: NO_HANDLER };
    if (holdFrom?.message.id === message.id) return { ...judged, payload, reason: slowness(holdFrom.error) };
    return isSlow && waitsFor === undefined ? { ...judged, payload, reason: SLOW_HANDLER } : { ...judged, payload };
  });
}

/**
 * What an event waits for.
 *
 * - `predecessor`: for the event before it in its key, which is held or parked here. When that event is done or skipped, this one is made due.
 * - `arrival`: for the event before it in its key, which is not in this inbox. The producer still has that event, and has no acknowledgement of it.
 * - `decision`: for an earlier event of its key, which is held or parked here, and which the producer has forgotten. Since then the counter of the key was
 *   started again, so that no number says which event comes next.
 */
type Wait = "predecessor" | "arrival" | "decision";

/** What an event waits for; undefined if it may be handled. */
export function waitOf({ name, key, needs, needsSurely, position }: EventMessage, states: ReadonlyMap<string, InboxState>): Wait | undefined {
  if (key === null) return undefined;
  const state = needs === null ? undefined : states.get(placeOf(name, key, needs));
  if (state !== undefined) return state === "done" || state === "skipped" ? undefined : "predecessor";
  if (needsSurely) return needs === null ? undefined : "arrival";
  return states.has(undecidedOf(name, key, position)) ? "decision" : undefined;
}

/**
 * Whether an event is not acknowledged, so that it comes again. Its producer then checks whether the event before it was acknowledged, and sends this one again
 * with the answer.
 */
export function isToComeAgain({ waitsFor, knownState }: Candidate): boolean {
  return waitsFor === "arrival" && (knownState === undefined || knownState === "held");
}

/** Whether an event is in the inbox as held, but is due now: the event that it waited for will not come any more. */
export function isWaitOver({ knownState, isDue }: Candidate): boolean {
  return knownState === "held" && isDue === true;
}

/** The reason of a held event whose own handler was slow. */
function slowness(error: unknown): string {
  const outcome = "The handler of this event took long and failed. The event is held until other events have had their turn.";
  return storableText(`${outcome} ${describeError(error)}`, REASON_LENGTH);
}

/** The reason of a parked event whose payload does not fit. */
export function misfit(failure: ParseFailure): string {
  const issues = failure.issues.map(({ path, message }) => `${path}: ${message}`);
  return storableText(`The payload does not fit the contract. ${issues.join("; ")}`, REASON_LENGTH);
}
