import type { Tables } from "../../data/drizzle/database.ts";
import type { DataTransaction } from "../../data/transaction/run-transaction.ts";
import { isPassing } from "../../kernel/origin.ts";
import type { LeftWork } from "../left-work.ts";
import { type Candidate, isToComeAgain, isWaitOver, judgeEvents, type SlowFailure } from "./event-judgement.ts";
import type { EventBatch, EventMessage } from "./event-message.ts";
import { type EventRunDeps, inEventScope, runHandler } from "./event-run.ts";
import { HandlerBlame } from "./handler-blame.ts";

interface EventConsumerDeps extends EventRunDeps {
  readonly left: LeftWork;
  /** Whether the process stops: no further handler is called then. */
  readonly isClosing: () => boolean;
}

/** The outcome of the events of one message. Events that are in none of these lists are sent again by their producer. */
interface TakenBatch {
  /** These are acknowledged. */
  readonly taken: readonly EventMessage[];
  /** The database accepts neither these events nor a note that they failed. */
  readonly refused: readonly EventMessage[];
  /** The process stopped before it reached these events. Nothing was done with them. */
  readonly left: readonly EventMessage[];
}

/** The outcome of the events that were reached. */
type TakenTurn = Omit<TakenBatch, "left">;

/** The outcome of the events of one transaction. */
interface Taken {
  /** These are acknowledged. */
  readonly taken: readonly EventMessage[];
  /** Events for which the time was too short, and events whose key another transaction has locked. */
  readonly left: readonly EventMessage[];
  /** Of `left`, the events whose key another transaction has locked. */
  readonly busy: readonly EventMessage[];
}

/** The events of one transaction, and how they are taken. */
interface Taking {
  readonly producer: string;
  readonly messages: readonly EventMessage[];
  /** From this event on, due events are held instead of handled; undefined if no handler was slow. */
  readonly holdFrom: SlowFailure | undefined;
  /** Whether to wait for keys that other transactions have locked. */
  readonly waits: boolean;
}

type Tx = DataTransaction<Tables>;

/**
 * Takes the events that other contexts send to this one.
 *
 *     unknown --fits, predecessor done, handler returns--> done
 *     unknown --predecessor not done--> held, until the predecessor is done or skipped, its producer says that it will not come, or release
 *     unknown --no handler in this process--> held, until a process with a handler works it off, or it is skipped
 *     unknown --a slow handler failed, earlier in its message or of its name--> held, and due
 *     unknown, held --handler throws--> held, until the next attempt --the last one--> parked
 *     unknown, held --payload does not fit--> parked
 *     parked --release--> held        parked, held without a handler --skip--> skipped
 *
 * I1. The inbox row of an event and the effect of its handler are one transaction. An event that has a row is not handled as a new one: so each effect happens
 *     once.
 * I2. Events of one key are handled in their order. A transaction locks a key before it reads the states of the key's events, and an event is handled only
 *     after the event that it needs is done or skipped.
 * I3. An event is acknowledged only if its row, or its failed attempt, is committed. All other events are sent again.
 * I4. A failed attempt is counted only if a handler was called or the check of the payload threw. If the database is away, no failure is counted for any event.
 * I5. Events that fail together are taken again one by one: an event that fails does not keep the others from being handled.
 */
export class EventConsumer {
  readonly #deps: EventConsumerDeps;

  constructor(deps: EventConsumerDeps) {
    this.#deps = deps;
  }

  /**
   * Takes the events of one message, as many in one transaction as time allows. If that transaction fails, they are taken one by one, so that each event has
   * its own outcome (I5). If a slow handler failed, the events before its event are taken again. Its event and all events behind it are held, so that the
   * message does not wait for each of them in turn.
   *
   * If another transaction has locked a key, all events of that key are taken after the others. So they do not hold up the others, and they keep their order.
   *
   * Errors: UNAVAILABLE, OVERLOADED - the database is away; events that were not taken are sent again.
   */
  async takeBatch({ producer, events }: EventBatch): Promise<TakenBatch> {
    const { pauses, clock, isClosing } = this.#deps;
    const turns: TakenTurn[] = [];
    let rest: readonly EventMessage[] = [...events].sort((one, other) => one.position - other.position);
    let holdFrom: SlowFailure | undefined;
    // Keys that another transaction had locked at the last look.
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
        // I4.
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

  /** The first of these events that may share one transaction: all before the first event of a contended name. If that event comes first, it is taken alone. */
  #together(producer: string, messages: readonly EventMessage[]): readonly EventMessage[] {
    const at = messages.findIndex(({ name }) => this.#deps.pauses.isContended({ producer, name }));
    return at < 0 ? messages : messages.slice(0, Math.max(1, at));
  }

  /**
   * Notes the failed attempt of an event, and when it is due again. The event is refused if the database does not accept the note, because of a text that
   * cannot be stored. The event is also refused if no handler was called: its turn may not have come, and a due event would be handled before the events that
   * it waits for (I2).
   */
  async #noteFailure(producer: string, message: EventMessage, error: unknown, blame: HandlerBlame<EventMessage>): Promise<TakenTurn> {
    return (await this.#isNoted(producer, message, error, blame)) ? { taken: [message], refused: [] } : { taken: [], refused: [message] };
  }

  async #isNoted(producer: string, message: EventMessage, error: unknown, blame: HandlerBlame<EventMessage>): Promise<boolean> {
    const { failures, log } = this.#deps;
    try {
      // I4.
      if (!blame.isHandlers && !blame.wasCalled) throw error;
      await failures.note(producer, message, error);
      return true;
    } catch (refusal) {
      if (isPassing(refusal)) throw refusal;
      log.debug(
        { err: refusal, event: `${producer}.${message.name}`, eventId: message.id },
        "no attempt was noted for an event; the event is not acknowledged, and its producer sends it again",
      );
      return false;
    }
  }

  /** Takes events in one transaction, as many as time allows. */
  async #take({ producer, messages, holdFrom, waits }: Taking, blame: HandlerBlame<EventMessage>): Promise<Taken> {
    const { inbox, left, database } = this.#deps;
    let own: readonly EventMessage[] = [];
    let candidates: readonly Candidate[] = [];
    let unhandled: readonly Candidate[] = [];
    const scope = { task: `events of ${producer}`, isOne: messages.length === 1, blame: () => blame };
    const woken = await inEventScope(this.#deps, scope, async (tx) => {
      // The transaction may be repeated, and may then fail in another way.
      blame.reset();
      // I2. Both statements are sent together. The server runs the second one when the first one has the locks.
      const locking = waits ? inbox.lockKeys(tx, producer, messages).then(() => messages) : inbox.tryLockKeys(tx, producer, messages);
      const [locked, known] = await Promise.all([locking, inbox.statesAround(tx, producer, messages)]);
      own = locked;
      const judged = judgeEvents(this.#deps, { producer, messages: own, known, holdFrom }, blame);
      // I1.
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
    if (woken) this.#deps.wakeHeld();
    if (unhandled.length > 0) {
      database.data.leftWork();
      const names = unhandled.map(({ message }) => `${producer}.${message.name}`);
      for (const name of new Set(names)) left.note("event", name, names.filter((other) => other === name).length);
    }
    // I3.
    const taken = candidates.filter((candidate) => !isToComeAgain(candidate)).map(toMessage);
    return { taken, left: without(messages, candidates.map(toMessage)), busy: without(messages, own) };
  }

  /** Calls the handlers of new events whose turn it is. Returns how many events of the list it got through before the time was over or the process stopped. */
  async #handleNew(
    tx: Tx,
    producer: string,
    candidates: readonly Candidate[],
    isEntered: (candidate: Candidate) => boolean,
    blame: HandlerBlame<EventMessage>,
  ): Promise<number> {
    const { clock, shareMs, isClosing } = this.#deps;
    const untilMs = clock.monotonicMs() + shareMs;
    let isFirst = true;
    for (const [at, candidate] of candidates.entries()) {
      const { message, payload, route, state } = candidate;
      if (state !== "done" || route === undefined || !isEntered(candidate)) continue;
      if (!isFirst && (clock.monotonicMs() >= untilMs || isClosing())) return at;
      isFirst = false;
      await blame.during(message, () => runHandler(this.#deps, tx, producer, message, payload, route));
    }
    return candidates.length;
  }
}

const toMessage = ({ message }: Candidate): EventMessage => message;

/** Identifies the key that an event is ordered by. Each event without a key has an order of its own. */
const orderOf = ({ id, name, key }: EventMessage): string => JSON.stringify(key === null ? [id] : [name, key]);

function without(messages: readonly EventMessage[], others: readonly EventMessage[]): readonly EventMessage[] {
  const excluded = new Set(others);
  return messages.filter((message) => !excluded.has(message));
}
