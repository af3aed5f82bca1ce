import { sql } from "../../data/drizzle/sql.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import { Task, type TaskDeps } from "../../work/engine/task.ts";
import type { TaskBoard } from "../../work/engine/task-board.ts";
import { type WorkData, WorkDatabase } from "../../work/engine/work-database.ts";

/** Time between two comparisons with the clock of a database. */
const EVERY_MS = 60_000;

/** A difference is logged from this size on. Synchronized clocks do not differ so much; signed tokens and proofs between processes tolerate more. */
const TOLD_FROM_MS = 3_000;

/** A difference that lasts is logged again after this time. */
const SAID_AGAIN_MS = 3_600_000;

/** An answer that took longer than this says too little about the clocks, and is ignored. */
const LONGEST_ANSWER_MS = 1_000;

/** The parts of a context's data that are used to read the database's clock. */
type ClockStore = Pick<WorkData, "transaction" | "statement" | "context">;

interface ClockWatchDeps extends Omit<TaskDeps, "board"> {
  /** The stores by context. */
  readonly stores: ReadonlyMap<string, ClockStore>;
  /** The boards by context. */
  readonly boards?: ReadonlyMap<string, TaskBoard>;
}

/**
 * Compares the clock of this process with those of its databases. Leases, schedules and retention use the clock of the database; tokens, sign-ins and the
 * delays of queues use the clock of the process. A clock that is wrong is logged, once an hour.
 */
export class ClockWatch implements Closable {
  readonly #deps: ClockWatchDeps;
  readonly #skews = new Map<string, number>();
  readonly #saidAtMs = new Map<string, number>();
  readonly #tasks: readonly Task[];

  constructor(deps: ClockWatchDeps) {
    this.#deps = deps;
    this.#tasks = [...deps.stores].map(([context, store]) => {
      const run = async () => {
        await this.look(context, store);
        return false;
      };
      return new Task({ ...deps, board: deps.boards?.get(context), task: `clock of ${context}`, everyMs: EVERY_MS, run });
    });
    for (const task of this.#tasks) task.wake();
  }

  /** How many milliseconds the clock of this process is ahead of the clock of a context's database, by context; negative if it is behind. */
  get skewsMs(): ReadonlyMap<string, number> {
    return this.#skews;
  }

  /** Compares the clocks now. Errors: those of the database. */
  async look(context: string, store: ClockStore): Promise<void> {
    const { clock } = this.#deps;
    const database = new WorkDatabase(store, clock);
    const [askedAtMs, fromMs] = [clock.nowMs(), clock.monotonicMs()];
    const [row] = await database.rows<{ ms: number }>(
      "look at the clock",
      sql`select (extract(epoch from clock_timestamp()) * 1000)::double precision as ms`,
    );
    const tookMs = clock.monotonicMs() - fromMs;
    if (row === undefined || tookMs > LONGEST_ANSWER_MS) return;
    const skewMs = askedAtMs + tookMs / 2 - row.ms;
    this.#skews.set(context, skewMs);
    if (Math.abs(skewMs) >= TOLD_FROM_MS) this.#say(context, skewMs);
    else this.#saidAtMs.delete(context);
  }

  async close(): Promise<void> {
    await Promise.all(this.#tasks.map((task) => task.close()));
  }

  #say(context: string, skewMs: number): void {
    const { clock, log } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#saidAtMs.get(context) ?? Number.NEGATIVE_INFINITY) < SAID_AGAIN_MS) return;
    this.#saidAtMs.set(context, nowMs);
    const seconds = Math.round(Math.abs(skewMs) / 1_000);
    log.warn(
      { context, skewSeconds: Math.round(skewMs / 1_000) },
      `the clock of this process is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the clock of its database: synchronize both; tokens and sign-ins use the clock of this process, schedules and leases use that of the database`,
    );
  }
}
