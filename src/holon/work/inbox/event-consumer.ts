import { ParseFailure } from "../../contract/index.ts";
import type { DataTransaction, Tables } from "../../data/index.ts";
import { type Clock, isPassing, storableText } from "../../kernel/index.ts";
import { describeError } from "../../observe/index.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { LeftWork } from "../left-work.ts";
import type { AckSender } from "./ack-sender.ts";
import { type Candidate, isToComeAgain, isWaitOver, judgeEvents, misfit, waitOf } from "./event-judgement.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventBatch, EventMessage } from "./event-message.ts";
import type { EventRoute, EventRoutes } from "./event-routes.ts";
import { type EventRunParts, EventScope, runHandler } from "./event-run.ts";
import { HandlerBlame } from "./handler-blame.ts";
import type { Inbox, WaitingEvent } from "./inbox.ts";
import type { SlowNames } from "./slow-names.ts";

/** Most held events that are worked off in one transaction. */
const MOST_HELD_COUNT = 50;

/** The part of a handler's time after which no further event is taken into the same transaction, and after which a handler that fails counts as slow. */
const SLOW_PART = 0.25;

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
  readonly slow: SlowNames;
}

/** What becomes of the events of one job. Those that are in neither list are to be sent again. */
export interface TakenBatch {
  /** To be acknowledged. */
  readonly taken: readonly EventMessage[];
  /** The database takes neither them nor that they failed. */
  readonly refused: readonly EventMessage[];
}

/** What became of held events that were to be worked off: `busy` - others are at work on all of them. */
export type HeldOutcome = "worked" | "busy" | "failed together";

/** What became of events in one transaction. */
interface Taken {
  /** To be acknowledged. */
  readonly taken: readonly EventMessage[];
  /** Those that no time was left for. */
  readonly rest: readonly EventMessage[];
}

type Tx = DataTransaction<Tables>;

/**
 * Takes events of others: the inbox row of an event and the effect of its handler are one transaction, so the effect happens once.
 *
 *     unknown --fits, predecessor done, handler returns--> done
 *     unknown --predecessor not done--> held, until that one is, or the producer says that it is not to come any more, or it is released or skipped
 *     unknown --no handler in this process--> held, until a process that has one works it off, or it is skipped
 *     unknown --handlers were slow before it, in its message or for its name--> held, and due
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
   * Takes the events of one job: as many in one transaction as time allows, and one by one if that fails, so that each has its own fate. If a slow handler
   * failed, those before it are taken again, and it is held with those behind it: the job does not wait for each of them in turn.
   *
   * Errors: UNAVAILABLE, OVERLOADED - the database is away; what is not taken comes again.
   */
  async takeBatch({ producer, events }: EventBatch): Promise<TakenBatch> {
    const batches: TakenBatch[] = [];
    let rest: readonly EventMessage[] = [...events].sort((one, other) => one.position - other.position);
    let holdFrom = Number.POSITIVE_INFINITY;
    let isAlone = rest.length === 1;
    while (rest.length > 0) {
      const blame = new HandlerBlame<EventMessage>(this.#parts.clock);
      const messages = isAlone ? rest.slice(0, 1) : rest;
      try {
        const { taken, rest: left } = await this.#take(producer, messages, blame, holdFrom);
        batches.push({ taken, refused: [] });
        rest = [...left, ...rest.slice(messages.length)];
      } catch (error) {
        if (!blame.isHandlers && isPassing(error)) throw error;
        const slow = this.#noteSlow(producer, blame);
        if (slow !== undefined) holdFrom = slow.position;
        if (isAlone) {
          batches.push(await this.#noteFailure(producer, messages[0] as EventMessage, error));
          rest = rest.slice(1);
        }
        isAlone = slow === undefined;
      }
    }
    return { taken: batches.flatMap(({ taken }) => taken), refused: batches.flatMap(({ refused }) => refused) };
  }

  /** The event whose handler was slow when it failed: its name has a pause. */
  #noteSlow<Event extends EventMessage>(producer: string, blame: HandlerBlame<Event>): Event | undefined {
    const slow = blame.slowEvent(this.#parts.handlerMs * SLOW_PART);
    if (slow === undefined) return undefined;
    this.#parts.slow.note({ producer, name: slow.name });
    this.#parts.log.warn(
      { event: `${producer}.${slow.name}`, eventId: slow.id },
      "the handler of an event took long and failed; others of its name are held for a while",
    );
    return slow;
  }

  /** Notes that an event failed. It is refused if the database does not take that either, as a text that it does not store. */
  async #noteFailure(producer: string, message: EventMessage, error: unknown): Promise<TakenBatch> {
    return (await this.#isNoted(producer, message, error)) ? { taken: [message], refused: [] } : { taken: [], refused: [message] };
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
   * Works off held events of one producer that are due, and those of their keys that wait behind them, in one transaction. Those that another consumer is at
   * work on, or whose key it has, are left out.
   *
   * If several fail together, nothing of it has happened: each is to be worked off alone. If it is one, and one behind it fails, those before that one are
   * worked off again without it; it is the first one then, and has its own fate. If the commit fails, which does not say whose fault it is, the first one is
   * worked off alone.
   */
  async workOff(producer: string, events: readonly WaitingEvent[]): Promise<HeldOutcome> {
    const { inbox, wakeHeld, acks, log } = this.#parts;
    for (let most = MOST_HELD_COUNT; ; ) {
      let chain = new HeldChain(this.#parts.clock);
      try {
        const outcome = await this.#inScope(`held events of ${producer}`, async (tx) => {
          // The transaction may run more than once.
          chain = new HeldChain(this.#parts.clock);
          const own = await inbox.take(tx, producer, events);
          if (own.length === 0) return "busy";
          return (await this.#workOffChain(tx, producer, await this.#takenInTurn(tx, producer, own), most, chain)) ? "woken" : "over";
        });
        // Those whose predecessor had not arrived when they did were not acknowledged then.
        acks.taken(
          producer,
          chain.done.filter(({ needsSurely }) => needsSurely),
        );
        if (outcome === "woken") wakeHeld();
        return outcome === "busy" ? "busy" : "worked";
      } catch (error) {
        if (chain.blame.isHandlers || !isPassing(error)) this.#noteSlow(producer, chain.blame);
        const [event] = events;
        if (event === undefined || events.length > 1) {
          log.debug({ err: error, count: events.length }, "held events failed together; each is worked off alone");
          return "failed together";
        }
        if (!chain.blame.isHandlers && isPassing(error)) throw error;
        if (chain.done.length === 0 || most === 1) {
          await this.#failed(producer, event, error);
          return "worked";
        }
        most = chain.blame.isHandlers ? chain.done.length : 1;
      }
    }
  }

  /** Those whose turn it is here and now. The others go on waiting. */
  async #takenInTurn(tx: Tx, producer: string, events: readonly WaitingEvent[]): Promise<readonly WaitingEvent[]> {
    const { inbox, routes, limits } = this.#parts;
    // What became due has been tried, or was woken by the event before it: if that one is not known now, it was done and is forgotten.
    const asked = (event: WaitingEvent): WaitingEvent => ({ ...event, needsSurely: false });
    const states = await inbox.statesAround(tx, producer, events.map(asked));
    const turns: WaitingEvent[] = [];
    for (const event of events) {
      // Held for a process that has a handler.
      if (routes.find(producer, event.name) === undefined) continue;
      const waitsFor = waitOf(asked(event), states);
      if (waitsFor === undefined) turns.push(event);
      else if (waitsFor === "predecessor") await inbox.awaitPredecessor(tx, event);
      else await inbox.postpone(tx, event, limits.undecidedMs);
    }
    return turns;
  }

  /** Goes on, with what waits behind these, as long as time allows. Returns whether there is one behind the last of a key that is due now. */
  async #workOffChain(tx: Tx, producer: string, first: readonly WaitingEvent[], most: number, chain: HeldChain): Promise<boolean> {
    const { inbox, clock, handlerMs } = this.#parts;
    const untilMs = clock.monotonicMs() + handlerMs * SLOW_PART;
    const hasTime = (): boolean => chain.done.length < most && (chain.done.length === 0 || clock.monotonicMs() < untilMs);
    for (let events = first; events.length > 0 && hasTime(); ) {
      const from = chain.done.length;
      for (const event of events) {
        if (!hasTime()) break;
        if (await this.#handleHeld(tx, event, chain.blame)) chain.done.push(event);
      }
      const done = chain.done.slice(from);
      await inbox.settle(tx, producer, done, "done");
      events = hasTime() ? await inbox.takeNext(tx, producer, done) : [];
    }
    return inbox.wakeSuccessors(tx, producer, chain.done);
  }

  /** Returns false if it is parked, since its payload does not fit. */
  async #handleHeld(tx: Tx, event: WaitingEvent, blame: HandlerBlame<WaitingEvent>): Promise<boolean> {
    const { inbox, routes } = this.#parts;
    const route = routes.find(event.producer, event.name) as EventRoute;
    const payload = blame.duringParse(() => route.parse(event.payload));
    if (payload instanceof ParseFailure) {
      await inbox.park(tx, event, misfit(payload));
      return false;
    }
    await blame.during(event, () => runHandler(this.#parts, tx, event.producer, event, payload, route));
    return true;
  }

  /** Takes events in one transaction, as many as time allows. What is due at that position or behind it is held. */
  async #take(producer: string, messages: readonly EventMessage[], blame: HandlerBlame<EventMessage>, holdFrom: number): Promise<Taken> {
    const { inbox, left, database } = this.#parts;
    let candidates: readonly Candidate[] = [];
    let unhandled: readonly Candidate[] = [];
    const woken = await this.#inScope(`events of ${producer}`, async (tx) => {
      // Both on their way at once: the second statement begins when the first has the locks.
      const [, states] = await Promise.all([inbox.lockKeys(tx, producer, messages), inbox.statesAround(tx, producer, messages)]);
      const judged = judgeEvents(this.#parts, { producer, messages, known: states, holdFrom }, blame);
      const entered = await inbox.enter(tx, producer, judged);
      const isEntered = ({ message }: Candidate): boolean => entered.has(message.id);
      const handledCount = await this.#handleNew(tx, producer, judged, isEntered, blame);
      candidates = judged.slice(0, handledCount);
      const rest = judged.slice(handledCount).filter(isEntered);
      if (rest.length > 0) await inbox.remove(tx, producer, rest.map(toMessage));
      const effective = candidates.filter((candidate) => candidate.state === "done" && isEntered(candidate));
      unhandled = candidates.filter((candidate) => candidate.route === undefined && isEntered(candidate));
      const isAnyDue = await inbox.stopWaiting(tx, producer, candidates.filter(isWaitOver).map(toMessage));
      return (await inbox.wakeSuccessors(tx, producer, effective.map(toMessage))) || isAnyDue;
    });
    if (woken) this.#parts.wakeHeld();
    if (unhandled.length > 0) {
      database.data.leftWork();
      const names = unhandled.map(({ message }) => `${producer}.${message.name}`);
      for (const name of new Set(names)) left.note("event", name, names.filter((other) => other === name).length);
    }
    const taken = candidates.filter((candidate) => !isToComeAgain(candidate)).map(toMessage);
    return { taken, rest: messages.slice(candidates.length) };
  }

  /** Calls the handlers of events that are new and done with that. Returns how many events of the list it came past before its time was over. */
  async #handleNew(
    tx: Tx,
    producer: string,
    candidates: readonly Candidate[],
    isEntered: (candidate: Candidate) => boolean,
    blame: HandlerBlame<EventMessage>,
  ): Promise<number> {
    const { clock, handlerMs } = this.#parts;
    const untilMs = clock.monotonicMs() + handlerMs * SLOW_PART;
    let isFirst = true;
    for (const [at, candidate] of candidates.entries()) {
      const { message, payload, route, state } = candidate;
      if (state !== "done" || route === undefined || !isEntered(candidate)) continue;
      if (!isFirst && clock.monotonicMs() >= untilMs) return at;
      isFirst = false;
      await blame.during(message, () => runHandler(this.#parts, tx, producer, message, payload, route));
    }
    return candidates.length;
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

const toMessage = ({ message }: Candidate): EventMessage => message;

/** How far a transaction that works off held events has come. */
class HeldChain {
  readonly blame: HandlerBlame<WaitingEvent>;
  /** Events whose handler has returned. */
  readonly done: WaitingEvent[] = [];

  constructor(clock: Clock) {
    this.blame = new HandlerBlame(clock);
  }
}

function reasonOf(error: unknown): string {
  return storableText(describeError(error), 2_000);
}
