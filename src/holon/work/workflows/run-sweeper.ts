import type { Closable } from "../../kernel/index.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { LeftWork } from "../left-work.ts";
import type { RunStore } from "./run-store.ts";
import type { WorkflowTiming } from "./workflow-timing.ts";

/** What {@link RunSweeper} needs. */
export interface RunSweeperParts extends TaskDeps {
  readonly runs: RunStore;
  /** Names with versions that this process has bodies for. */
  readonly known: readonly string[];
  readonly timing: WorkflowTiming;
  readonly left: LeftWork;
}

/** Rows that one statement removes, so that it locks little at a time. */
const SWEEP_COUNT = 1_000;

/** Removes what ended long ago, and says which runs nobody here can work. */
export class RunSweeper implements Closable {
  readonly #parts: RunSweeperParts;
  readonly #task: Task;
  #unknownCount = 0;

  constructor(parts: RunSweeperParts) {
    const { timing } = parts;
    this.#parts = parts;
    this.#task = new Task({ ...parts, task: "sweep workflows", everyMs: timing.sweepMs, run: () => this.#sweep() });
    this.#task.wake();
  }

  /** Runs that were due at the last look and that this process leaves to others: it has no body for them, or does not understand what is recorded of them. */
  get unknownCount(): number {
    return this.#unknownCount;
  }

  close(): Promise<void> {
    return this.#task.close();
  }

  async #sweep(): Promise<boolean> {
    const { runs, known, timing, left } = this.#parts;
    const { own } = runs;
    const unknown = await runs.unknown(known);
    this.#unknownCount = unknown.reduce((sum, { count }) => sum + count, 0);
    for (const { name, count } of unknown) left.note("run", name, count);
    const old = `(select ctid from ${own}.%s where now() - $1::text::float * interval '1 millisecond' limit ${SWEEP_COUNT})`;
    const ended = old.replace("%s where", "holon_runs where settled_at <");
    const received = old.replace("%s where", "holon_awaited_events where received_at <");
    const removed = await runs.rows(
      "remove old runs",
      `with gone as (delete from ${own}.holon_runs where ctid in ${ended} returning id), steps as (delete from ${own}.holon_steps where run_id in (select id from gone))
       select id from gone`,
      [timing.endedKeptMs],
    );
    await runs.rows("remove old events", `delete from ${own}.holon_awaited_events where ctid in ${received} returning 1 as one`, [
      timing.eventsKeptMs,
    ]);
    return removed.length === SWEEP_COUNT;
  }
}
