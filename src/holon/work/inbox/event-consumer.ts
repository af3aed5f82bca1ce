import type { DataTransaction, Tables } from "../../data/index.ts";
import { isPassing } from "../../kernel/index.ts";
import type { LeftWork } from "../left-work.ts";
import type { AckSender } from "./ack-sender.ts";
import type { EventFailures } from "./event-failures.ts";
import { type Candidate, isToComeAgain, isWaitOver, judgeEvents, type SlowFailure } from "./event-judgement.ts";
import type { EventBatch, EventMessage } from "./event-message.ts";
import type { EventRoutes } from "./event-routes.ts";
import { type EventRunParts, inEventScope, runHandler } from "./event-run.ts";
import { HandlerBlame } from "./handler-blame.ts";
import type { HandlerPauses } from "./handler-pauses.ts";
import type { Inbox } from "./inbox.ts";

/** What a consumer is made from. */
export interface ConsumerParts extends EventRunParts {
  readonly inbox: Inbox;
  readonly routes: EventRoutes;
  readonly failures: EventFailures;
  /** Held events may be due. */
  readonly wakeHeld: () => void;
  readonly acks: Pick<AckSender, "taken">;
  readonly left: LeftWork;
  readonly pauses: HandlerPauses;
  /** Whether the process stops: no further handler begins. */
  readonly isClosing: () => boolean;
}

/** What becomes of the events of one job. Those that are in no list are to be sent again. */
export interface TakenBatch {
  /** To be acknowledged. */
  readonly taken: readonly EventMessage[];
  /** The database takes neither them nor that they failed. */
  readonly refused: readonly EventMessage[];
  /** The process stops before it is their turn: nothing was done with them. */
  readonly left: readonly EventMessage[];
}

/** What becomes of those that had their turn. */
type TakenTurn = Omit<TakenBatch, "left">;

/** What became of events in one transaction. */
interface Taken {
  /** To be acknowledged. */
  readonly taken: readonly EventMessage[];
  /** Those that no time was left for, or whose key another transaction has. */
  readonly left: readonly EventMessage[];
  /** Those of them whose key another transaction has. */
  readonly busy: readonly EventMessage[];
}

/** What is taken in one transaction. */
interface Taking {
  readonly producer: string;
  readonly messages: readonly EventMessage[];
  /** What is due there or behind it is held. */
  readonly holdFrom: SlowFailure | undefined;
  /** Whether it waits for keys that other transactions have. */
  readonly waits: boolean;
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
   * Events of a key that another transaction has are taken after the others, which it thus does not hold up: all of that key, so that their
   * order stays.
   *
   * Errors: UNAVAILABLE, OVERLOADED - the database is away; what is not taken comes again.
   */
  async takeBatch({ producer, events }: EventBatch): Promise<TakenBatch> {
    const { pauses, clock, isClosing } = this.#parts;
    const turns: TakenTurn[] = [];
    let rest: readonly EventMessage[] = [...events].sort((one, other) => one.position - other.position);
    let holdFrom: SlowFailure | undefined;
    // Keys that another transaction had when it was looked last.
    const busy = new Set<string>();
    let isAlone = false;
    while (rest.length > 0 && !isClosing()) {
      const blame = new HandlerBlame<EventMessage>(clock);
      const free = rest.filter((message) => !busy.has(orderOf(message)));
      const waits = free.length === 0 || rest.length === 1;
      const turn = waits ? rest : free;
      const messages = isAlone ? turn.slice(0, 1) : this.#together(producer, turn);
      try {
        const { taken, left, busy: found } = await this.#take({ producer, messages, holdFrom, waits }, blame);
        turns.push({ taken, refused: [] });
        for (const message of messages) busy.delete(orderOf(message));
        for (const message of found) busy.add(orderOf(message));
        rest = without(rest, without(messages, left));
      } catch (error) {
        if (messages.length > 1 && blame.isContention(error)) {
          pauses.noteContended(producer, blame, messages);
          continue;
        }
        if (!blame.isHandlers && isPassing(error)) throw error;
        const slow = pauses.noteSlow(producer, blame, error);
        if (slow !== undefined) holdFrom = { message: slow, error };
        if (messages.length === 1) {
          turns.push(await this.#noteFailure(producer, messages[0] as EventMessage, error, blame));
          rest = without(rest, messages);
        }
        isAlone = slow === undefined;
      }
    }
    return { taken: turns.flatMap(({ taken }) => taken), refused: turns.flatMap(({ refused }) => refused), left: rest };
  }

  /** The first of these that may have one transaction: all up to one whose name is contended, or that one alone. */
  #together(producer: string, messages: readonly EventMessage[]): readonly EventMessage[] {
    const at = messages.findIndex(({ name }) => this.#parts.pauses.isContended({ producer, name }));
    return at < 0 ? messages : messages.slice(0, Math.max(1, at));
  }

  /**
   * Notes that an event failed: it is due again. It is refused if the database does not take that either, as a text that it does not store, or if no handler
   * was called: its turn may not have come, and as one that is due it would be handled before those that it waits for.
   */
  async #noteFailure(producer: string, message: EventMessage, error: unknown, blame: HandlerBlame<EventMessage>): Promise<TakenTurn> {
    return (await this.#isNoted(producer, message, error, blame)) ? { taken: [message], refused: [] } : { taken: [], refused: [message] };
  }

  async #isNoted(producer: string, message: EventMessage, error: unknown, blame: HandlerBlame<EventMessage>): Promise<boolean> {
    const { failures, log } = this.#parts;
    try {
      if (!blame.isHandlers && !blame.wasCalled) throw error;
      await failures.note(producer, message, error);
      return true;
    } catch (refusal) {
      if (isPassing(refusal)) throw refusal;
      log.debug(
        { err: refusal, event: `${producer}.${message.name}`, eventId: message.id },
        "the database does not take an event; it is not acknowledged",
      );
      return false;
    }
  }

  /** Takes events in one transaction, as many as time allows. */
  async #take({ producer, messages, holdFrom, waits }: Taking, blame: HandlerBlame<EventMessage>): Promise<Taken> {
    const { inbox, left, database } = this.#parts;
    let own: readonly EventMessage[] = [];
    let candidates: readonly Candidate[] = [];
    let unhandled: readonly Candidate[] = [];
    const scope = { task: `events of ${producer}`, isOne: messages.length === 1, blame: () => blame };
    const woken = await inEventScope(this.#parts, scope, async (tx) => {
      // The transaction may run more than once, and fail otherwise then.
      blame.reset();
      // Both on their way at once: the second statement begins when the first has the locks.
      const locking = waits ? inbox.lockKeys(tx, producer, messages).then(() => messages) : inbox.tryLockKeys(tx, producer, messages);
      const [locked, known] = await Promise.all([locking, inbox.statesAround(tx, producer, messages)]);
      own = locked;
      const judged = judgeEvents(this.#parts, { producer, messages: own, known, holdFrom }, blame);
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
    return { taken, left: without(messages, candidates.map(toMessage)), busy: without(messages, own) };
  }

  /** Calls the handlers of events that are new and done with that. Returns how many of the list it came past before its time was over or a stop. */
  async #handleNew(
    tx: Tx,
    producer: string,
    candidates: readonly Candidate[],
    isEntered: (candidate: Candidate) => boolean,
    blame: HandlerBlame<EventMessage>,
  ): Promise<number> {
    const { clock, shareMs, isClosing } = this.#parts;
    const untilMs = clock.monotonicMs() + shareMs;
    let isFirst = true;
    for (const [at, candidate] of candidates.entries()) {
      const { message, payload, route, state } = candidate;
      if (state !== "done" || route === undefined || !isEntered(candidate)) continue;
      if (!isFirst && (clock.monotonicMs() >= untilMs || isClosing())) return at;
      isFirst = false;
      await blame.during(message, () => runHandler(this.#parts, tx, producer, message, payload, route));
    }
    return candidates.length;
  }
}

const toMessage = ({ message }: Candidate): EventMessage => message;

/** Names the key that an event is ordered by, for each event another one if it has none. */
const orderOf = ({ id, name, key }: EventMessage): string => JSON.stringify(key === null ? [id] : [name, key]);

function without(messages: readonly EventMessage[], others: readonly EventMessage[]): readonly EventMessage[] {
  const excluded = new Set(others);
  return messages.filter((message) => !excluded.has(message));
}
