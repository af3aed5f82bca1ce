import { ParseFailure } from "../../contract/index.ts";
import type { DataTransaction, Tables } from "../../data/index.ts";
import { isPassing, storableText } from "../../kernel/index.ts";
import { describeError } from "../../observe/index.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { LeftWork } from "../left-work.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventBatch, EventMessage } from "./event-message.ts";
import type { EventRoute, EventRoutes } from "./event-routes.ts";
import { type EventRunParts, EventScope, runHandler } from "./event-run.ts";
import { type Inbox, type InboxEntry, placeOf, undecidedOf, type WaitingEvent } from "./inbox.ts";

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
  readonly left: LeftWork;
}

/** An event that is entered, with what its payload parsed to. */
interface Candidate extends InboxEntry {
  readonly payload: unknown;
  /** Undefined where this process has no handler. */
  readonly route: EventRoute | undefined;
}

/** What became of the events of one job. */
export interface TakenBatch {
  readonly taken: readonly EventMessage[];
  readonly refused: readonly EventMessage[];
}

type Tx = DataTransaction<Tables>;

/**
 * Takes events of others: the inbox row of an event and the effect of its handler are one transaction, so the effect happens once.
 *
 *     unknown --fits, predecessor done, handler returns--> done
 *     unknown --predecessor not done--> held, until that one is
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
   * Shape: those that are entered, and those that the database does not take, nor that they failed.
   * Errors: UNAVAILABLE, OVERLOADED - the database is away; what is not taken comes again.
   */
  async takeBatch({ producer, events }: EventBatch): Promise<TakenBatch> {
    const messages = [...events].sort((one, other) => one.position - other.position);
    if (messages.length > 1) {
      const blame = new Blame();
      try {
        await this.#take(producer, messages, blame);
        return { taken: messages, refused: [] };
      } catch (error) {
        if (!blame.isHandlers && isPassing(error)) throw error;
      }
    }
    const batch: { taken: EventMessage[]; refused: EventMessage[] } = { taken: [], refused: [] };
    for (const message of messages) ((await this.#takeAlone(producer, message)) ? batch.taken : batch.refused).push(message);
    return batch;
  }

  /** Takes one event, or notes that it failed. Returns false where the database takes neither, as a text that it does not store. */
  async #takeAlone(producer: string, message: EventMessage): Promise<boolean> {
    const blame = new Blame();
    try {
      await this.#take(producer, [message], blame);
      return true;
    } catch (error) {
      if (!blame.isHandlers && isPassing(error)) throw error;
      return await this.#isNoted(producer, message, error);
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
    const { inbox, wakeHeld } = this.#parts;
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
        if (outcome === "woken") wakeHeld();
        return outcome !== "busy";
      } catch (error) {
        if (!chain.blame.isHandlers && isPassing(error)) throw error;
        if (chain.doneCount === 0 || most === 1) {
          await this.#failed(event.producer, event, error);
          return true;
        }
        most = chain.blame.isHandlers ? chain.doneCount : 1;
      }
    }
  }

  /** Whether it may be worked off here and now; if not, it goes on waiting. */
  async #isDue(tx: Tx, event: WaitingEvent): Promise<boolean> {
    const { inbox, routes, limits } = this.#parts;
    // Held for a process that has a handler.
    if (routes.find(event.producer, event.name) === undefined) return false;
    const waitsFor = waitOf(event, await inbox.statesAround(tx, event.producer, [event]));
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
      chain.doneCount++;
      last = event;
      event = chain.doneCount < most && clock.monotonicMs() < untilMs ? await inbox.takeNext(tx, event) : undefined;
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

  async #take(producer: string, messages: readonly EventMessage[], blame: Blame): Promise<void> {
    const { inbox, left, database } = this.#parts;
    let unhandled: readonly Candidate[] = [];
    const woken = await this.#inScope(`events of ${producer}`, async (tx) => {
      // Both on their way at once: the second statement begins when the first has the locks.
      const [, states] = await Promise.all([inbox.lockKeys(tx, producer, messages), inbox.statesAround(tx, producer, messages)]);
      const candidates = this.#judge(producer, messages, states, blame);
      const entered = await inbox.enter(tx, producer, candidates);
      const effective = candidates.filter(({ message, state }) => state === "done" && entered.has(message.id));
      unhandled = candidates.filter(({ message, route }) => route === undefined && entered.has(message.id));
      for (const { message, payload, route } of effective) {
        if (route !== undefined) await blame.during(() => runHandler(this.#parts, tx, producer, message, payload, route));
      }
      return inbox.wakeSuccessors(
        tx,
        producer,
        effective.map(({ message }) => message),
      );
    });
    if (woken) this.#parts.wakeHeld();
    if (unhandled.length === 0) return;
    database.data.leftWork();
    const names = unhandled.map(({ message }) => `${producer}.${message.name}`);
    for (const name of new Set(names)) left.note("event", name, names.filter((other) => other === name).length);
  }

  /** Decides about each event, those of one key in their order: what is done now is done for the next one too. */
  #judge(producer: string, messages: readonly EventMessage[], known: Awaited<ReturnType<Inbox["statesAround"]>>, blame: Blame): Candidate[] {
    const states = new Map(known);
    return messages.map((message) => {
      const route = this.#parts.routes.find(producer, message.name);
      const payload = blame.duringParse(() => route?.parse(message.payload));
      const waitsFor = waitOf(message, states);
      const state = payload instanceof ParseFailure ? "parked" : waitsFor === undefined && route !== undefined ? "done" : "held";
      const isDue = waitsFor !== "predecessor";
      const place = message.key === null || message.keyNumber === null ? undefined : placeOf(message.name, message.key, message.keyNumber);
      if (place !== undefined && !states.has(place)) states.set(place, state);
      if (payload instanceof ParseFailure) return { message, state, route, payload: undefined, reason: misfit(payload) };
      return route === undefined ? { message, state, route, payload, reason: NO_HANDLER, isDue } : { message, state, route, payload, isDue };
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
 * What an event waits for; nothing, if it may be worked off.
 *
 * `predecessor`: the event before it, which wakes it when it is over. `decision`: some event of its key that its producer has forgotten, and that is held or
 * parked here. The counter of the key was made anew since, so that nothing says which event comes next.
 */
function waitOf({ name, key, needs, needsSurely }: EventMessage, states: ReadonlyMap<string, string>): "predecessor" | "decision" | undefined {
  if (key === null) return undefined;
  const state = needs === null ? undefined : states.get(placeOf(name, key, needs));
  if (state !== undefined) return state === "done" || state === "skipped" ? undefined : "predecessor";
  if (needsSurely) return needs === null ? undefined : "predecessor";
  return states.has(undecidedOf(name, key)) ? "decision" : undefined;
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
  doneCount = 0;
}

function misfit(failure: ParseFailure): string {
  return `The payload does not fit the contract. ${failure.issues.map(({ path, message }) => `${path}: ${message}`).join("; ")}`.slice(0, 2_000);
}

function reasonOf(error: unknown): string {
  return storableText(describeError(error), 2_000);
}
