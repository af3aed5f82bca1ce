import type { Closable } from "../../kernel/index.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { EventConsumer } from "./event-consumer.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventRoutes } from "./event-routes.ts";
import type { Inbox } from "./inbox.ts";

/** Held events that one look takes up. */
const TAKE_COUNT = 50;

/** What {@link HeldEvents} is made from. */
export interface HeldEventsParts extends TaskDeps {
  readonly database: WorkDatabase;
  readonly inbox: Inbox;
  readonly limits: EventLimits;
  /** The events that this process has handlers for: it leaves the others to those that do. */
  readonly routes: EventRoutes;
}

/** Works off the events that were held: for their predecessor, or for their next attempt. */
export class HeldEvents implements Closable {
  readonly #working: Task;
  readonly #database: WorkDatabase;
  #unlisten: () => void = () => {};

  constructor({ database, inbox, limits, routes, ...services }: HeldEventsParts, consumer: () => EventConsumer) {
    const { names } = routes;
    this.#database = database;
    this.#working = new Task({
      ...services,
      task: "held events",
      everyMs: limits.pollMs,
      run: async () => {
        const due = await database.transaction("look for held events", (tx) => inbox.due(tx, names, TAKE_COUNT));
        let hasWorked = false;
        for (const event of due) hasWorked = (await consumer().workOff(event)) || hasWorked;
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
    this.#unlisten();
    await this.#working.close();
  }
}
