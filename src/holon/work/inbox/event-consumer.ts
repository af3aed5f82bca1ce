import { ParseFailure } from "../../contract/index.ts";
import type { DataTransaction, Tables } from "../../data/index.ts";
import { isPassing, storableText } from "../../kernel/index.ts";
import { describeError } from "../../observe/index.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { LeftWork } from "../left-work.ts";
import type { AckSender } from "./ack-sender.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventBatch, EventMessage } from "./event-message.ts";
import type { EventRoute, EventRoutes } from "./event-routes.ts";
import { type EventRunParts, EventScope, runHandler } from "./event-run.ts";
import { type Inbox, type InboxEntry, type InboxState, placeOf, undecidedOf, type WaitingEvent } from "./inbox.ts";

/** Why an event is held that its predecessor does not hold up. */
const NO_HANDLER = "The process that took this event has no handler for it. It is held for a process that has one.";

/** Most events of one key that are worked off in one transaction. */
const CHAIN_COUNT = 50;

/** The part of a handler's time after which no further event is taken into the same transaction. */
const CHAIN_PART = 0.25;

/** What a consumer is made from. */
export interface ConsumerParts extends EventRunParts {
  readonly database: WorkDatabase;
  readonly inbox: Inbox;
  readonly routes: EventRoutes;
  readonly limits: EventLimits;
  readonly random: () => number;
  /** Held events may be due. */
  readonly wakeHeld: () => void;
  readonly acks: Pick<AckSender, "taken">;
  readonly left: LeftWork;
}

/** An event that is entered, with what its payload parsed to. */
interface Candidate extends InboxEntry {
  readonly payload: unknown;
  /** Undefined where this process has no handler. */
  readonly route: EventRoute | undefined;
  readonly waitsFor: Wait | undefined;
  /** The state of its row, if it has a key and was taken before. */
  readonly knownState: InboxState | undefined;
}

/** What becomes of the events of one job. Those that are in neither list are to be sent again. */
export interface TakenBatch {
  /** To be acknowledged. */
  readonly taken: readonly EventMessage[];
  /** The database takes neither them nor that they failed. */
  readonly refused: readonly EventMessage[];
}

type Tx = DataTransaction<Tables>;

/**
 * Takes events of others: the inbox row of an event and the effect of its handler are one transaction, so the effect happens once.
 *
 *     unknown --fits, predecessor done, handler returns--> done
 *     unknown --predecessor not done--> held, until that one is, or the producer says that it is not to come any more, or it is released or skipped
 *     unknown --no handler in this process--> held, until a process that has one works it off, or it is skipped
 *     unknown, held --handler throws--> held, until the next attempt --the last one--> parked
 *     unknown, held --payload does not fit--> parked
 *     parked --release--> held        parked, held without a handler --skip--> skipped
 */
export class EventConsumer {
  readonly #parts: ConsumerParts;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
  }

  /**
   * Takes the events of one job: all in one transaction, and one by one where that fails, so that each has its own fate.
   *
   * Errors: UNAVAILABLE, OVERLOADED - the database is away; what is not taken comes again.
   */
  async takeBatch({ producer, events }: EventBatch): Promise<TakenBatch> {
    const messages = [...events].sort((one, other) => one.position - other.position);
    if (messages.length > 1) {
      const blame = new Blame();
      try {
        return { taken: await this.#take(producer, messages, blame), refused: [] };
      } catch (error) {
        if (!blame.isHandlers && isPassing(error)) throw error;
      }
    }
    const batches: TakenBatch[] = [];
    for (const message of messages) batches.push(await this.#takeAlone(producer, message));
    return { taken: batches.flatMap(({ taken }) => taken), refused: batches.flatMap(({ refused }) => refused) };
  }

  /** Takes one event, or notes that it failed. It is refused if the database takes neither, as a text that it does not store. */
  async #takeAlone(producer: string, message: EventMessage): Promise<TakenBatch> {
    const blame = new Blame();
    try {
      return { taken: await this.#take(producer, [message], blame), refused: [] };
    } catch (error) {
      if (!blame.isHandlers && isPassing(error)) throw error;
      return (await this.#isNoted(producer, message, error)) ? { taken: [message], refused: [] } : { taken: [], refused: [message] };
    }
  }

  async #isNoted(producer: string, message: EventMessage, error: unknown): Promise<boolean> {
    try {
      await this.#failed(producer, message, error);
      return true;
    } catch (refusal) {
      if (isPassing(refusal)) throw refusal;
      this.#parts.log.debug(
        { err: refusal, event: `${producer}.${message.name}`, eventId: message.id },
        "the database does not take an event; it is not acknowledged",
      );
      return false;
    }
  }

  /**
   * Works off a held event that is due, and those of its key that wait behind it, in one transaction. Returns false if another consumer is at work on the
   * event or its key.
   *
   * If a later one fails, those before it are worked off again without it; it is the first one then, and has its own fate. If the commit fails, which
   * does not say whose fault it is, the first one is worked off alone.
   */
  async workOff(event: WaitingEvent): Promise<boolean> {
    const { inbox, wakeHeld, acks } = this.#parts;
    for (let most = CHAIN_COUNT; ; ) {
      let chain = new HeldChain();
      try {
        const outcome = await this.#inScope(`event ${event.producer}.${event.name}`, async (tx) => {
          // The transaction may run more than once.
          chain = new HeldChain();
          const own = (await inbox.tryLockKey(tx, event)) ? await inbox.take(tx, event) : undefined;
          if (own === undefined) return "busy";
          return (await this.#isDue(tx, own)) && (await this.#workOffChain(tx, own, most, chain)) ? "woken" : "over";
        });
        // Those whose predecessor had not arrived when they did were not acknowledged then.
        acks.taken(
          event.producer,
          chain.done.filter(({ needsSurely }) => needsSurely),
        );
        if (outcome === "woken") wakeHeld();
        return outcome !== "busy";
      } catch (error) {
        if (!chain.blame.isHandlers && isPassing(error)) throw error;
        if (chain.done.length === 0 || most === 1) {
          await this.#failed(event.producer, event, error);
          return true;
        }
        most = chain.blame.isHandlers ? chain.done.length : 1;
      }
    }
  }

  /** Whether it may be worked off here and now; if not, it goes on waiting. */
  async #isDue(tx: Tx, event: WaitingEvent): Promise<boolean> {
    const { inbox, routes, limits } = this.#parts;
    // Held for a process that has a handler.
    if (routes.find(event.producer, event.name) === undefined) return false;
    // What became due has been tried, or was woken by the event before it: if that one is not known now, it was done and is forgotten.
    const asked = { ...event, needsSurely: false };
    const waitsFor = waitOf(asked, await inbox.statesAround(tx, event.producer, [asked]));
    if (waitsFor === "predecessor") await inbox.awaitPredecessor(tx, event);
    else if (waitsFor !== undefined) await inbox.postpone(tx, event, limits.undecidedMs);
    return waitsFor === undefined;
  }

  /** Returns whether there is one behind the last that is due now. */
  async #workOffChain(tx: Tx, first: WaitingEvent, most: number, chain: HeldChain): Promise<boolean> {
    const { inbox, clock, handlerMs } = this.#parts;
    const untilMs = clock.monotonicMs() + handlerMs * CHAIN_PART;
    let last = first;
    for (let event: WaitingEvent | undefined = first; event !== undefined; ) {
      if (!(await this.#handleHeld(tx, event, chain.blame))) return false;
      chain.done.push(event);
      last = event;
      event = chain.done.length < most && clock.monotonicMs() < untilMs ? await inbox.takeNext(tx, event) : undefined;
    }
    return inbox.wakeSuccessors(tx, last.producer, [last]);
  }

  /** Returns false if it is parked, since its payload does not fit. */
  async #handleHeld(tx: Tx, event: WaitingEvent, blame: Blame): Promise<boolean> {
    const { inbox, routes } = this.#parts;
    const route = routes.find(event.producer, event.name) as EventRoute;
    const payload = blame.duringParse(() => route.parse(event.payload));
    if (payload instanceof ParseFailure) {
      await inbox.park(tx, event, misfit(payload));
      return false;
    }
    await blame.during(() => runHandler(this.#parts, tx, event.producer, event, payload, route));
    await inbox.settle(tx, event, "done");
    return true;
  }

  /** Returns those that are to be acknowledged. */
  async #take(producer: string, messages: readonly EventMessage[], blame: Blame): Promise<readonly EventMessage[]> {
    const { inbox, left, database } = this.#parts;
    let candidates: readonly Candidate[] = [];
    let unhandled: readonly Candidate[] = [];
    const woken = await this.#inScope(`events of ${producer}`, async (tx) => {
      // Both on their way at once: the second statement begins when the first has the locks.
      const [, states] = await Promise.all([inbox.lockKeys(tx, producer, messages), inbox.statesAround(tx, producer, messages)]);
      candidates = this.#judge(producer, messages, states, blame);
      const entered = await inbox.enter(tx, producer, candidates);
      const effective = candidates.filter(({ message, state }) => state === "done" && entered.has(message.id));
      unhandled = candidates.filter(({ message, route }) => route === undefined && entered.has(message.id));
      for (const { message, payload, route } of effective) {
        if (route !== undefined) await blame.during(() => runHandler(this.#parts, tx, producer, message, payload, route));
      }
      const isAnyDue = await inbox.stopWaiting(tx, producer, candidates.filter(isWaitOver).map(toMessage));
      return (await inbox.wakeSuccessors(tx, producer, effective.map(toMessage))) || isAnyDue;
    });
    if (woken) this.#parts.wakeHeld();
    if (unhandled.length > 0) {
      database.data.leftWork();
      const names = unhandled.map(({ message }) => `${producer}.${message.name}`);
      for (const name of new Set(names)) left.note("event", name, names.filter((other) => other === name).length);
    }
    return candidates.filter((candidate) => !isToComeAgain(candidate)).map(toMessage);
  }

  /** Decides about each event, those of one key in their order: what is done now is done for the next one too. */
  #judge(producer: string, messages: readonly EventMessage[], known: Awaited<ReturnType<Inbox["statesAround"]>>, blame: Blame): Candidate[] {
    const states = new Map(known);
    return messages.map((message) => {
      const route = this.#parts.routes.find(producer, message.name);
      const waitsFor = waitOf(message, states);
      // What waits is looked at in its turn: parked now, it could be released before the one before it has come.
      const payload = blame.duringParse(() => (waitsFor === undefined ? route?.parse(message.payload) : message.payload));
      const state = payload instanceof ParseFailure ? "parked" : waitsFor === undefined && route !== undefined ? "done" : "held";
      const isDue = waitsFor === undefined || waitsFor === "decision";
      const place = message.key === null || message.keyNumber === null ? undefined : placeOf(message.name, message.key, message.keyNumber);
      const knownState = place === undefined ? undefined : known.get(place);
      if (place !== undefined && !states.has(place)) states.set(place, state);
      const judged = { message, state, route, isDue, waitsFor, knownState } as const;
      if (payload instanceof ParseFailure) return { ...judged, payload: undefined, reason: misfit(payload) };
      return route === undefined ? { ...judged, payload, reason: NO_HANDLER } : { ...judged, payload };
    });
  }

  async #failed(producer: string, message: EventMessage, error: unknown): Promise<void> {
    const { database, inbox, limits, random, log } = this.#parts;
    const failure = {
      reason: reasonOf(error),
      attempts: limits.attemptsCount,
      firstMs: limits.backoffFirstMs,
      greatestMs: limits.backoffGreatestMs,
      part: random(),
    };
    const outcome = await database.transaction("note a failed event", (tx) => inbox.fail(tx, producer, message, failure));
    if (outcome === undefined) return;
    const fields = { err: error, event: `${producer}.${message.name}`, eventId: message.id, attempt: outcome.attempts };
    if (outcome.state === "parked") log.error(fields, "an event is parked: its handler failed too often; release or skip it");
    else log.warn(fields, "the handler of an event failed and is tried again");
    this.#parts.wakeHeld();
  }

  async #inScope<Result>(task: string, run: (tx: Tx) => Promise<Result>): Promise<Result> {
    const held = new EventScope(this.#parts, task);
    try {
      return await this.#parts.database.data.transaction(held.scope, run);
    } finally {
      held.end();
    }
  }
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
function waitOf({ name, key, needs, needsSurely }: EventMessage, states: ReadonlyMap<string, InboxState>): Wait | undefined {
  if (key === null) return undefined;
  const state = needs === null ? undefined : states.get(placeOf(name, key, needs));
  if (state !== undefined) return state === "done" || state === "skipped" ? undefined : "predecessor";
  if (needsSurely) return needs === null ? undefined : "arrival";
  return states.has(undecidedOf(name, key)) ? "decision" : undefined;
}

const toMessage = ({ message }: Candidate): EventMessage => message;

/** Whether an event is not acknowledged, so that the producer looks what became of the one before it, and says so when it sends this one again. */
function isToComeAgain({ waitsFor, knownState }: Candidate): boolean {
  return waitsFor === "arrival" && (knownState === undefined || knownState === "held");
}

/** Whether an event is held for one that is not to come any more. */
function isWaitOver({ knownState, isDue }: Candidate): boolean {
  return knownState === "held" && isDue === true;
}

/**
 * Whether a handler or a check of the payload threw, which decides what a failure means; its code does not. A handler that throws UNAVAILABLE, since a mail server is
 * away, has failed. If the database was away under it, noting its failure fails too, and no attempt is counted.
 */
class Blame {
  isHandlers = false;

  /** A check of the schema is the app's code too, and may throw. */
  duringParse(parse: () => unknown): unknown {
    try {
      return parse();
    } catch (error) {
      this.isHandlers = true;
      throw error;
    }
  }

  async during(handle: () => Promise<void>): Promise<void> {
    try {
      await handle();
    } catch (error) {
      this.isHandlers = true;
      throw error;
    }
  }
}

/** How far a transaction that works off held events of one key has come. */
class HeldChain {
  readonly blame = new Blame();
  /** Events whose handler has returned. */
  readonly done: WaitingEvent[] = [];
}

function misfit(failure: ParseFailure): string {
  return `The payload does not fit the contract. ${failure.issues.map(({ path, message }) => `${path}: ${message}`).join("; ")}`.slice(0, 2_000);
}

function reasonOf(error: unknown): string {
  return storableText(describeError(error), 2_000);
}
