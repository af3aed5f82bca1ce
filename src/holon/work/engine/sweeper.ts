import type { Closable } from "../../kernel/index.ts";
import { Sleep } from "../../kernel/index.ts";
import { Task, type TaskDeps } from "./task.ts";

/** Rows of one table that are removed when they are old. */
export interface Retention {
  /** The table, as operators know it. */
  readonly table: string;
  /** Looks at no more than so many rows that may be over, skipping those that others have locked, and removes those that are. */
  readonly remove: (count: number) => Promise<Removal>;
}

/** What one batch did. */
export interface Removal {
  readonly removedCount: number;
  /** Whether the batch was full, so that there may be more. */
  readonly isFull: boolean;
}

/** What a {@link Sweeper} is made from. */
export interface SweeperOptions extends TaskDeps {
  /** Named in the log and in readiness. */
  readonly task: string;
  /** Between two looks. */
  readonly everyMs: number;
  readonly retentions: readonly Retention[];
  /** Most rows that one statement removes, so that it locks little at a time and its transaction is short. */
  readonly batchCount?: number;
  /** Told what was removed, for metrics. */
  readonly onRemoved?: (table: string, count: number) => void;
}

const BATCH_COUNT = 1_000;

/** The next batch after one that failed, and after one that succeeded, as a part of it: down quickly, and up slowly, so that few fail. */
const SHRINKING = 0.5;
const GROWING = 1.1;

/** After a batch it rests as long as the batch took: at most half of one connection's time goes into removing. */
const REST_PART = 1;

/**
 * Removes what is old, in batches until a short one, however much there is: what falls due within one look is gone before the next.
 *
 * I1. A batch is a transaction of its own. Two sweepers of one table do not wait for each other.
 * I2. A retention that fails does not keep the others from theirs.
 * I3. The tables take turns, a batch each: one with a million old rows does not keep the others waiting until it is done.
 * I4. A batch that fails is smaller the next time: rows so large that a full batch exceeds its deadline are removed nevertheless.
 */
export class Sweeper implements Closable {
  readonly #options: SweeperOptions;
  readonly #task: Task;
  /** Rows of the next batch, of tables whose last batch failed (I4). */
  readonly #counts = new Map<Retention, number>();
  #resting: Sleep | undefined = undefined;
  #closed = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#task = new Task({ ...options, run: () => this.#sweep() });
    this.#task.wake();
  }

  /** Looks now. */
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
    let open = this.#options.retentions;
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

  /** Returns whether there may be more, after a rest. */
  async #removeBatch(retention: Retention): Promise<boolean> {
    const { clock, onRemoved } = this.#options;
    const { table } = retention;
    const startedMs = clock.monotonicMs();
    const { removedCount, isFull } = await this.#remove(retention);
    if (removedCount > 0) onRemoved?.(table, removedCount);
    if (!isFull || this.#closed) return false;
    this.#resting = new Sleep(this.#options, (clock.monotonicMs() - startedMs) * REST_PART);
    await this.#resting.ended;
    return true;
  }

  /** I4. */
  async #remove(retention: Retention): Promise<Removal> {
    const { batchCount = BATCH_COUNT } = this.#options;
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
