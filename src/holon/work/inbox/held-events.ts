import type { Closable } from "../../kernel/lifecycle.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventRoutes } from "./event-routes.ts";
import type { HandlerPauses } from "./handler-pauses.ts";
import type { HeldWorker } from "./held-worker.ts";
import type { Inbox, WaitingEvent } from "./inbox.ts";

/** Most held events that one look takes. */
const TAKE_COUNT = 50;

interface HeldEventsParts extends TaskDeps {
  readonly database: WorkDatabase;
  readonly inbox: Inbox;
  readonly limits: EventLimits;
  /** The events that this process has handlers for. It leaves other events to processes that have theirs. */
  readonly routes: EventRoutes;
  readonly pauses: HandlerPauses;
}

/** Works off held events that are due: their predecessor is done, or their next attempt has come. */
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
          // Its name may have become slow during this look. The remaining events of the name are tried after its pause.
          const events = (batches.shift() ?? []).filter((event) => !pauses.isSlow(event));
          const [first] = events;
          if (first === undefined) continue;
          try {
            const outcome = await worker().workOff(first.producer, events);
            if (outcome === "failed together") batches.push(...events.map((event) => [event]));
            hasWorked = hasWorked || outcome !== "busy";
          } catch (error) {
            // Each name takes turns: the events behind the failed one go on all the same.
            failures.push(error);
          }
        }
        if (failures.length > 0) throw failures[0];
        // If all events are locked by other processes, the next look is after a while.
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
 * Groups the events of each producer, to be worked off together. An event that has failed before, or whose name is contended, is alone: so its failure does not
 * undo others.
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
