import type { Closable } from "../../kernel/lifecycle.ts";
import { Sleep } from "../../kernel/timers.ts";
import { Task, type TaskDeps } from "./task.ts";

/** Rows of one table that are removed when they are old. */
export interface Retention {
  /** Name of the table, as operators know it. */
  readonly table: string;
  /** Looks at `count` rows at most that may be due, skips those that are locked, and removes those that are due. */
  readonly remove: (count: number) => Promise<Removal>;
}

/** The outcome of one batch. */
export interface Removal {
  readonly removedCount: number;
  /** Whether the batch was full. If it was, more rows may be due. */
  readonly isFull: boolean;
}

interface SweeperDeps extends TaskDeps {
  /** The name of this loop in the log and in readiness. */
  readonly task: string;
  /** Time between two looks. */
  readonly everyMs: number;
  readonly retentions: readonly Retention[];
  /** Most rows that one statement removes, so that it locks few rows and its transaction is short. */
  readonly batchCount?: number;
  /** Called with the number of removed rows, for metrics. */
  readonly onRemoved?: (table: string, count: number) => void;
}

const BATCH_COUNT = 1_000;

/**
 * The factors from the size of one batch to the size of the next, after a failure and after a success. The size falls quickly and rises slowly, so that few
 * batches fail.
 */
const SHRINKING = 0.5;
const GROWING = 1.1;

/** The pause after a batch, as a multiple of the time that the batch took. With 1, removals use one connection for at most half of the time. */
const REST_PART = 1;

/**
 * Removes rows that are due, in batches, until a batch is not full. One look removes all rows that are due when it begins, however many they are.
 *
 * I1. Each batch is its own transaction. Two sweepers of one table do not wait for each other.
 * I2. A table that fails does not stop the removal from other tables.
 * I3. The tables take turns, one batch each: a table with a million old rows does not keep the others waiting.
 * I4. After a batch failed, the next one is smaller. So rows are removed even if they are so large that a full batch exceeds its deadline.
 */
export class Sweeper implements Closable {
  readonly #deps: SweeperDeps;
  readonly #task: Task;
  /** Size of the next batch, for tables whose last batch failed (I4). */
  readonly #counts = new Map<Retention, number>();
  #resting: Sleep | undefined = undefined;
  #closed = false;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
    this.#task = new Task({ ...deps, run: () => this.#sweep() });
    this.#task.wake();
  }

  /** Starts a look now. */
  wake(): void {
    this.#task.wake();
  }

  /** Stops after the batch that runs. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#resting?.wake();
    await this.#task.close();
  }

  async #sweep(): Promise<boolean> {
    const failures: unknown[] = [];
    let open = this.#deps.retentions;
    while (open.length > 0 && !this.#closed) {
      const full: Retention[] = [];
      for (const retention of open) {
        try {
          if (!this.#closed && (await this.#removeBatch(retention))) full.push(retention);
        } catch (error) {
          failures.push(error);
        }
      }
      open = full;
    }
    if (failures.length > 0) throw failures[0];
    return false;
  }

  /** Removes one batch. Returns, after a pause, whether there may be more. */
  async #removeBatch(retention: Retention): Promise<boolean> {
    const { clock, onRemoved } = this.#deps;
    const { table } = retention;
    const startedMs = clock.monotonicMs();
    const { removedCount, isFull } = await this.#remove(retention);
    if (removedCount > 0) onRemoved?.(table, removedCount);
    if (!isFull || this.#closed) return false;
    this.#resting = new Sleep(this.#deps, (clock.monotonicMs() - startedMs) * REST_PART);
    await this.#resting.ended;
    return true;
  }

  /** I4. Removes one batch, and adapts the size of the next one. */
  async #remove(retention: Retention): Promise<Removal> {
    const { batchCount = BATCH_COUNT } = this.#deps;
    const count = this.#counts.get(retention) ?? batchCount;
    try {
      const removal = await retention.remove(count);
      const nextCount = Math.ceil(count * GROWING);
      if (nextCount < batchCount) this.#counts.set(retention, nextCount);
      else this.#counts.delete(retention);
      return removal;
    } catch (error) {
      this.#counts.set(retention, Math.max(1, Math.floor(count * SHRINKING)));
      throw error;
    }
  }
}
