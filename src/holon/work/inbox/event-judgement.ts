import { ParseFailure } from "../../contract/index.ts";
import { storableText } from "../../kernel/index.ts";
import { describeError } from "../../observe/index.ts";
import type { EventMessage } from "./event-message.ts";
import type { EventRoute, EventRoutes } from "./event-routes.ts";
import type { HandlerBlame } from "./handler-blame.ts";
import type { HandlerPauses } from "./handler-pauses.ts";
import { type InboxEntry, type InboxState, placeOf, undecidedOf } from "./inbox.ts";

/** Longest reason that a row of the inbox has. Units: characters. */
export const REASON_LENGTH = 2_000;

/** Why an event is held that its predecessor does not hold up. */
const NO_HANDLER = "The process that took this event has no handler for it. It is held for a process that has one.";

/** Why an event is held whose turn it is. */
const SLOW_HANDLER = "The handlers of other events took too long. This one is held, and tried when others have had their turn.";

/** An event whose handler took long and failed, and with what. */
export interface SlowFailure {
  readonly message: EventMessage;
  readonly error: unknown;
}

/** An event that is entered, with what its payload parsed to. */
export interface Candidate extends InboxEntry {
  readonly payload: unknown;
  /** Undefined where this process has no handler. */
  readonly route: EventRoute | undefined;
  readonly waitsFor: Wait | undefined;
  /** The state of its row, if it has a key and was taken before. */
  readonly knownState: InboxState | undefined;
}

/** What decides about events besides what is known of them. */
export interface JudgeDeps {
  readonly routes: EventRoutes;
  readonly pauses: HandlerPauses;
}

/** What is known of the events of one message. */
export interface KnownEvents {
  readonly producer: string;
  readonly messages: readonly EventMessage[];
  /** By {@link Inbox.statesAround}. */
  readonly known: ReadonlyMap<string, InboxState>;
  /** What is due there or behind it is held; nothing, if no handler was slow. */
  readonly holdFrom: SlowFailure | undefined;
}

/** Decides about each event, those of one key in their order: what is done now is done for the next one too. */
export function judgeEvents(
  { routes, pauses }: JudgeDeps,
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
    // What waits is looked at in its turn: parked now, it could be released before the one before it has come.
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
 * `predecessor`: the event before it, which is held or parked here, and wakes it when it is over. `arrival`: the same, which is not known here, and is to come
 * as far as the producer knows. `decision`: some event of its key that its producer has forgotten, and that is held or parked here. The counter of the key was
 * made anew since, so that nothing says which event comes next.
 */
type Wait = "predecessor" | "arrival" | "decision";

/** What an event waits for; nothing, if it may be worked off. */
export function waitOf({ name, key, needs, needsSurely, position }: EventMessage, states: ReadonlyMap<string, InboxState>): Wait | undefined {
  if (key === null) return undefined;
  const state = needs === null ? undefined : states.get(placeOf(name, key, needs));
  if (state !== undefined) return state === "done" || state === "skipped" ? undefined : "predecessor";
  if (needsSurely) return needs === null ? undefined : "arrival";
  return states.has(undecidedOf(name, key, position)) ? "decision" : undefined;
}

/** Whether an event is not acknowledged, so that the producer looks what became of the one before it, and says so when it sends this one again. */
export function isToComeAgain({ waitsFor, knownState }: Candidate): boolean {
  return waitsFor === "arrival" && (knownState === undefined || knownState === "held");
}

/** Whether an event is held for one that is not to come any more. */
export function isWaitOver({ knownState, isDue }: Candidate): boolean {
  return knownState === "held" && isDue === true;
}

/** Why an event is held whose own handler was slow. */
function slowness(error: unknown): string {
  const outcome = "Its own handler took long and failed. It is held, and tried when others have had their turn.";
  return storableText(`${outcome} ${describeError(error)}`, REASON_LENGTH);
}

/** Why an event is parked that does not fit. */
export function misfit(failure: ParseFailure): string {
  const issues = failure.issues.map(({ path, message }) => `${path}: ${message}`);
  return storableText(`The payload does not fit the contract. ${issues.join("; ")}`, REASON_LENGTH);
}
