import { ParseFailure } from "../../contract/index.ts";
import type { DataTransaction, Tables } from "../../data/index.ts";
import { type Clock, isPassing } from "../../kernel/index.ts";
import type { AckSender } from "./ack-sender.ts";
import type { EventFailures } from "./event-failures.ts";
import { misfit, waitOf } from "./event-judgement.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventRoute, EventRoutes } from "./event-routes.ts";
import { type EventRunParts, inEventScope, runHandler } from "./event-run.ts";
import { HandlerBlame } from "./handler-blame.ts";
import type { HandlerPauses } from "./handler-pauses.ts";
import type { Inbox, WaitingEvent } from "./inbox.ts";

/** Most events that are worked off in one transaction. */
const MOST_COUNT = 50;

/** What a {@link HeldWorker} is made from. */
export interface HeldWorkerParts extends EventRunParts {
  readonly inbox: Inbox;
  readonly routes: EventRoutes;
  readonly limits: EventLimits;
  readonly failures: EventFailures;
  readonly pauses: HandlerPauses;
  readonly acks: Pick<AckSender, "taken">;
  /** Held events may be due. */
  readonly wakeHeld: () => void;
}

/** What became of held events that were to be worked off: `busy` - others are at work on all of them. */
export type HeldOutcome = "worked" | "busy" | "failed together";

type Tx = DataTransaction<Tables>;

/** Works off held events: the state of their rows and the effect of their handlers are one transaction, as in `EventConsumer`. */
export class HeldWorker {
  readonly #parts: HeldWorkerParts;

  constructor(parts: HeldWorkerParts) {
    this.#parts = parts;
  }

  /**
   * Works off held events of one producer that are due, and those of their keys that wait behind them, in one transaction. Those that another consumer is at
   * work on, or whose key it has, are left out.
   *
   * If several fail together, nothing of it has happened: each is to be worked off alone. If the handler of one was slow, that is counted for it.
   *
   * If it is one, and one behind it fails, those before that one are worked off again without it; it is the first one then, and has its own fate.
   * If the commit fails, which does not say whose fault it is, the first one is worked off alone.
   */
  async workOff(producer: string, events: readonly WaitingEvent[]): Promise<HeldOutcome> {
    const { inbox, wakeHeld, acks, log, pauses, failures, clock } = this.#parts;
    for (let most = events.some((event) => pauses.isContended(event)) ? 1 : MOST_COUNT; ; ) {
      let chain = new HeldChain(clock);
      const scope = { task: `held events of ${producer}`, isOne: most === 1, blame: () => chain.blame };
      try {
        const outcome = await inEventScope(this.#parts, scope, async (tx) => {
          // The transaction may run more than once.
          chain = new HeldChain(clock);
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
        const isContended = most > 1 && chain.blame.isContention(error);
        const mayBeSlow = !isContended && (chain.blame.isHandlers || !isPassing(error));
        if (isContended) pauses.noteContended(producer, chain.blame, events);
        const slow = mayBeSlow ? pauses.noteSlow(producer, chain.blame, error) : undefined;
        const [event] = events;
        if (event === undefined || events.length > 1) {
          // Counted at once: its name has a pause now, after which they would come together again, and fail again.
          if (slow !== undefined) await failures.note(producer, slow, error);
          log.debug({ err: error, count: events.length }, "held events failed together; each is worked off alone");
          return "failed together";
        }
        if (isContended) {
          most = 1;
          continue;
        }
        // Without a handler that was called, nothing of it is the event's: it stays due, and the task says that it failed.
        if (!chain.blame.isHandlers && (isPassing(error) || !chain.blame.wasCalled)) throw error;
        if (chain.done.length === 0 || most === 1) {
          await failures.note(producer, event, error);
          return "worked";
        }
        // A handler that hangs has thrown nothing, and is known all the same.
        most = chain.blame.isHandlers || chain.blame.event !== undefined ? chain.done.length : 1;
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
    const { inbox, clock, shareMs } = this.#parts;
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
}

/** How far a transaction that works off held events has come. */
class HeldChain {
  readonly blame: HandlerBlame<WaitingEvent>;
  /** Events whose handler has returned. */
  readonly done: WaitingEvent[] = [];

  constructor(clock: Clock) {
    this.blame = new HandlerBlame(clock);
  }
}
