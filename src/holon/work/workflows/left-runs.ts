import type { Closable } from "../../kernel/lifecycle.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { LeftWork } from "../left-work.ts";
import type { RunStore } from "./run-store.ts";

interface LeftRunsDeps extends TaskDeps {
  readonly runs: RunStore;
  /** The versions that this process has bodies for, as `name@version`. */
  readonly known: readonly string[];
  readonly everyMs: number;
  readonly left: LeftWork;
}

/** Looks now and then for due runs that this process leaves to others, and logs them: it has no body for them, or does not understand their records. */
export class LeftRuns implements Closable {
  readonly #deps: LeftRunsDeps;
  readonly #task: Task;
  #count = 0;

  constructor(deps: LeftRunsDeps) {
    this.#deps = deps;
    this.#task = new Task({ ...deps, task: "look for runs of other versions", run: () => this.#look() });
    this.#task.wake();
  }

  /** How many there were at the last look. */
  get count(): number {
    return this.#count;
  }

  close(): Promise<void> {
    return this.#task.close();
  }

  async #look(): Promise<boolean> {
    const { runs, known, left } = this.#deps;
    const unknown = await runs.unknown(known);
    this.#count = unknown.reduce((sum, { count }) => sum + count, 0);
    for (const { name, count } of unknown) left.note("run", name, count);
    return false;
  }
}
