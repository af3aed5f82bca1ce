import type { Closable } from "../../kernel/index.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventRoutes } from "./event-routes.ts";
import type { HandlerPauses } from "./handler-pauses.ts";
import type { HeldWorker } from "./held-worker.ts";
import type { Inbox, WaitingEvent } from "./inbox.ts";

/** Held events that one look takes up. */
const TAKE_COUNT = 50;

/** What {@link HeldEvents} is made from. */
export interface HeldEventsParts extends TaskDeps {
  readonly database: WorkDatabase;
  readonly inbox: Inbox;
  readonly limits: EventLimits;
  /** The events that this process has handlers for: it leaves the others to those that do. */
  readonly routes: EventRoutes;
  readonly pauses: HandlerPauses;
}

/** Works off the events that were held: for their predecessor, or for their next attempt. */
export class HeldEvents implements Closable {
  readonly #working: Task;
  readonly #database: WorkDatabase;
  #unlisten: () => void = () => {};
  #isClosing = false;

  constructor({ database, inbox, limits, routes, pauses, ...services }: HeldEventsParts, worker: () => HeldWorker) {
    this.#database = database;
    this.#working = new Task({
      ...services,
      task: "held events",
      everyMs: limits.pollMs,
      run: async () => {
        const names = routes.names.filter((name) => !pauses.isSlow(name));
        if (names.length === 0) return false;
        const due = await database.transaction("look for held events", (tx) => inbox.due(tx, names, TAKE_COUNT));
        const failures: unknown[] = [];
        let hasWorked = false;
        for (const batches = batchesOf(due, pauses); batches.length > 0 && !this.#isClosing; ) {
          // The others of a name that is slow have their turn when it has had a pause.
          const events = (batches.shift() ?? []).filter((event) => !pauses.isSlow(event));
          const [first] = events;
          if (first === undefined) continue;
          try {
            const outcome = await worker().workOff(first.producer, events);
            if (outcome === "failed together") batches.push(...events.map((event) => [event]));
            hasWorked = hasWorked || outcome !== "busy";
          } catch (error) {
            // It stays the first that is due of its name: those behind it go on all the same.
            failures.push(error);
          }
        }
        if (failures.length > 0) throw failures[0];
        // What only others are at work on is looked at again after a while.
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

/** Those of each producer together, but for what has failed before, or is contended: that is tried alone, so that its next failure takes no other with it. */
function batchesOf(events: readonly WaitingEvent[], pauses: HandlerPauses): (readonly WaitingEvent[])[] {
  const together = new Map<string, WaitingEvent[]>();
  const alone: (readonly WaitingEvent[])[] = [];
  for (const event of events) {
    if (event.attempts > 0 || pauses.isContended(event)) alone.push([event]);
    else together.set(event.producer, [...(together.get(event.producer) ?? []), event]);
  }
  return [...together.values(), ...alone];
}
