import type { Closable } from "../../kernel/lifecycle.ts";
import { Task, type TaskDeps } from "../../work/engine/task.ts";

const EVERY_MS = 2_000;

/** A database that does not answer is checked again after one to two seconds, however long it does not answer. */
const BACKOFF = { firstMs: 1_000, greatestMs: 1_000 };

/** A database whose answer can be checked. */
interface Pingable {
  /** Ends within a time limit, whatever the network does. */
  ping(): Promise<void>;
}

/** Checks regularly whether each database answers, so that readiness is known at once. Each database has one check at a time. */
export class DatabaseWatch implements Closable {
  readonly #tasks: ReadonlyMap<string, Task>;

  /** Takes the databases by context. */
  constructor(databases: ReadonlyMap<string, Pingable>, deps: Omit<TaskDeps, "board">) {
    this.#tasks = new Map([...databases].map(([name, database]) => [name, askingTask(name, database, deps)]));
    for (const task of this.#tasks.values()) task.wake();
  }

  /** Contexts whose database did not answer at the last check. */
  get silent(): ReadonlySet<string> {
    return new Set([...this.#tasks].flatMap(([name, { failingSinceMs }]) => (failingSinceMs === undefined ? [] : [name])));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map((task) => task.close()));
  }
}

function askingTask(context: string, database: Pingable, deps: Omit<TaskDeps, "board">): Task {
  const run = async (): Promise<boolean> => {
    await database.ping();
    return false;
  };
  return new Task({ ...deps, log: deps.log.child({ context }), task: "sign of life of the database", everyMs: EVERY_MS, backoff: BACKOFF, run });
}
