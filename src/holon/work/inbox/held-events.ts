import { ParseFailure } from "../../contract/index.ts";
import type { Tables } from "../../data/drizzle/database.ts";
import type { DataTransaction } from "../../data/transaction/run-transaction.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import { isPassing } from "../../kernel/origin.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import { misfit, waitOf } from "./event-judgement.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventRoute, EventRoutes } from "./event-routes.ts";
import { type EventRunDeps, inEventScope, runHandler } from "./event-run.ts";
import { HandlerBlame } from "./handler-blame.ts";
import type { HandlerPauses } from "./handler-pauses.ts";
import type { Inbox, WaitingEvent } from "./inbox.ts";

/** Most events that are worked off in one transaction. */
const MOST_COUNT = 50;

/** The outcome for held events that were to be worked off. `busy`: other transactions have locked all of them. */
type HeldOutcome = "worked" | "busy" | "failed together";

type Tx = DataTransaction<Tables>;

/**
 * Works off held events.
 *
 * I1. The state of a held event's row and the effect of its handler are one transaction, as in `EventConsumer`.
 * I2. An event is handled only by the transaction that has locked its key and its row, and only if it does not wait for another event.
 * I3. A failed attempt is counted for one event only: the event that was alone in its transaction, or the event whose handler is known to have been slow. If
 *     several events fail together, none of them has changed anything, and each is worked off alone.
 * I4. A failure is counted only if a handler was called or the check of a payload threw. Otherwise the event stays due, and the task fails.
 */
export class HeldWorker {
  readonly #deps: EventRunDeps;

  constructor(deps: EventRunDeps) {
    this.#deps = deps;
  }

  /**
   * Works off due events of one producer in one transaction, and the events of their keys that wait behind them. Events whose row or key another transaction
   * has locked are left out.
   *
   * If several events fail together, the caller must work off each of them alone (I3). If the handler of one of them was slow, the failure is counted for that
   * event.
   *
   * If `events` is one event, and an event behind it fails, the events before the failed one are worked off again without it. The failed event is then the
   * first of its key. A later look works it off, and it has its own outcome. If the commit fails, it is not known which event caused the failure, so the first
   * one is worked off alone.
   */
  async workOff(producer: string, events: readonly WaitingEvent[]): Promise<HeldOutcome> {
    const { inbox, wakeHeld, acks, log, pauses, failures, clock } = this.#deps;
    for (let most = events.some((event) => pauses.isContended(event)) ? 1 : MOST_COUNT; ; ) {
      let chain = new HeldChain(clock);
      const scope = { task: `held events of ${producer}`, isOne: most === 1, blame: () => chain.blame };
      try {
        const outcome = await inEventScope(this.#deps, scope, async (tx) => {
          // The transaction may be repeated.
          chain = new HeldChain(clock);
          const own = await inbox.take(tx, producer, events);
          if (own.length === 0) return "busy";
          return (await this.#workOffChain(tx, producer, await this.#takenInTurn(tx, producer, own), most, chain)) ? "woken" : "over";
        });
        // An event whose predecessor had not arrived was not acknowledged when it came. It is acknowledged now.
        acks.taken(
          producer,
          chain.done.filter(({ needsSurely }) => needsSurely),
        );
        if (outcome === "woken") wakeHeld();
        return outcome === "busy" ? "busy" : "worked";
      } catch (error) {
        const isContended = most > 1 && chain.blame.isContention(error);
        const mayBeSlow = !isContended && (chain.blame.isHandlers || !isPassing(error));
        if (isContended) pauses.noteContended(producer, chain.blame, events);
        const slow = mayBeSlow ? pauses.noteSlow(producer, chain.blame, error) : undefined;
        const [event] = events;
        if (event === undefined || events.length > 1) {
          // I3. The failure is counted at once. Otherwise these events would be tried together again after the pause of the name, and fail again.
          if (slow !== undefined) await failures.note(producer, slow, error);
          log.debug({ err: error, count: events.length }, "held events failed together; each is worked off alone");
          return "failed together";
        }
        if (isContended) {
          most = 1;
          continue;
        }
        // I4. No handler threw, and either none was called or the error passes. So the failure does not count against the event.
        if (!chain.blame.isHandlers && (isPassing(error) || !chain.blame.wasCalled)) throw error;
        if (chain.done.length === 0 || most === 1) {
          await failures.note(producer, event, error);
          return "worked";
        }
        // A handler that was cancelled because it hangs has not thrown. But its event is known too, so all events before it can be worked off.
        most = chain.blame.isHandlers || chain.blame.event !== undefined ? chain.done.length : 1;
      }
    }
  }

  /** Returns those of the events whose turn it is (I2). The others go on waiting. */
  async #takenInTurn(tx: Tx, producer: string, events: readonly WaitingEvent[]): Promise<readonly WaitingEvent[]> {
    const { inbox, routes, limits } = this.#deps;
    // A due event does not wait for the arrival of its predecessor. If the predecessor is not in the inbox now, it was done and its row was removed, or the
    // event need not wait for it.
    const asked = (event: WaitingEvent): WaitingEvent => ({ ...event, needsSurely: false });
    const states = await inbox.statesAround(tx, producer, events.map(asked));
    const turns: WaitingEvent[] = [];
    for (const event of events) {
      // The event is held for a process that has a handler for it.
      if (routes.find(producer, event.name) === undefined) continue;
      const waitsFor = waitOf(asked(event), states);
      if (waitsFor === undefined) turns.push(event);
      else if (waitsFor === "predecessor") await inbox.awaitPredecessor(tx, event);
      else await inbox.postpone(tx, event, limits.undecidedMs);
    }
    return turns;
  }

  /** Handles these events and those that wait behind them, as long as time allows. Returns whether an event behind them was made due. */
  async #workOffChain(tx: Tx, producer: string, first: readonly WaitingEvent[], most: number, chain: HeldChain): Promise<boolean> {
    const { inbox, clock, shareMs } = this.#deps;
    const untilMs = clock.monotonicMs() + shareMs;
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

  /** Handles one event. Returns false if it was parked because its payload does not fit. */
  async #handleHeld(tx: Tx, event: WaitingEvent, blame: HandlerBlame<WaitingEvent>): Promise<boolean> {
    const { inbox, routes } = this.#deps;
    const route = routes.find(event.producer, event.name) as EventRoute;
    const payload = blame.duringParse(() => route.parse(event.payload));
    if (payload instanceof ParseFailure) {
      await inbox.park(tx, event, misfit(payload));
      return false;
    }
    await blame.during(event, () => runHandler(this.#deps, tx, event.producer, event, payload, route));
    return true;
  }
}

/** The progress of a transaction that works off held events. */
class HeldChain {
  readonly blame: HandlerBlame<WaitingEvent>;
  /** Events whose handler has returned. */
  readonly done: WaitingEvent[] = [];

  constructor(clock: Clock) {
    this.blame = new HandlerBlame(clock);
  }
}

/** Most held events that one look takes. */
const TAKE_COUNT = 50;

interface HeldEventsDeps extends TaskDeps {
  readonly database: WorkDatabase;
  readonly inbox: Inbox;
  readonly limits: EventLimits;
  /** The handlers of this process. Events without a handler here are left to processes that have one. */
  readonly routes: EventRoutes;
  readonly pauses: HandlerPauses;
}

/** Works off held events that are due: their predecessor is done, or it is time for their next attempt. */
export class HeldEvents implements Closable {
  readonly #working: Task;
  readonly #database: WorkDatabase;
  #unlisten: () => void = () => {};
  #isClosing = false;

  constructor({ database, inbox, limits, routes, pauses, ...deps }: HeldEventsDeps, worker: () => HeldWorker) {
    this.#database = database;
    this.#working = new Task({
      ...deps,
      task: "held events",
      everyMs: limits.pollMs,
      run: async () => {
        const names = routes.names.filter((name) => !pauses.isSlow(name));
        if (names.length === 0) return false;
        const due = await database.transaction("look for held events", (tx) => inbox.due(tx, names, TAKE_COUNT));
        const failures: unknown[] = [];
        let hasWorked = false;
        for (const batches = batchesOf(due, pauses); batches.length > 0 && !this.#isClosing; ) {
          // A name may have become slow during this look. Its remaining events are tried after its pause.
          const events = (batches.shift() ?? []).filter((event) => !pauses.isSlow(event));
          const [first] = events;
          if (first === undefined) continue;
          try {
            const outcome = await worker().workOff(first.producer, events);
            if (outcome === "failed together") batches.push(...events.map((event) => [event]));
            hasWorked = hasWorked || outcome !== "busy";
          } catch (error) {
            // The other batches go on all the same.
            failures.push(error);
          }
        }
        if (failures.length > 0) throw failures[0];
        // If other processes have locked all events, the next look is after the usual wait.
        return hasWorked;
      },
    });
  }

  start(): void {
    this.#unlisten = this.#database.data.listenLeft(() => this.#working.wake());
    this.#working.wake();
  }

  wake(): void {
    this.#working.wake();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#unlisten();
    await this.#working.close();
  }
}

/**
 * Groups the events of each producer, to be worked off together. An event that has failed before, or whose name is contended, is alone in its group, so that
 * its failure does not undo the work of others.
 */
function batchesOf(events: readonly WaitingEvent[], pauses: HandlerPauses): (readonly WaitingEvent[])[] {
  const together = new Map<string, WaitingEvent[]>();
  const alone: (readonly WaitingEvent[])[] = [];
  for (const event of events) {
    if (event.attempts > 0 || pauses.isContended(event)) alone.push([event]);
    else together.set(event.producer, [...(together.get(event.producer) ?? []), event]);
  }
  return [...together.values(), ...alone];
}
