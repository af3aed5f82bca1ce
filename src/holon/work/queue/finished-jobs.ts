import type { Queue } from "bullmq";
import type { Closable } from "../../kernel/index.ts";

/** What is kept of jobs that are over, for looking at: so many of the latest ones, for so long. */
const KEPT = [
  { state: "completed", count: 2_000, ageMs: 3_600_000 },
  { state: "failed", count: 10_000, ageMs: 14 * 86_400_000 },
] as const;

const LOOK_MS = 5_000;

/** Looks for surplus ones between two looks for old ones. */
const LOOKS_COUNT = 12;

/** Most that one command removes: a Redis does nothing else meanwhile. */
const REMOVE_COUNT = 1_000;

/** What {@link FinishedJobs} needs. */
export interface FinishedJobsParts {
  /** The queues that are worked here. */
  readonly queues: () => Iterable<Queue>;
  readonly isReachable: () => boolean;
  readonly noteError: (error: Error) => void;
}

/**
 * Removes jobs that are over, now and then and many at once. BullMQ's own way looks through all that it keeps whenever a job ends, which was seen to
 * cost half of the time that a job takes on Redis, and more than the job on Postgres.
 */
export class FinishedJobs implements Closable {
  readonly #parts: FinishedJobsParts;
  readonly #timer: NodeJS.Timeout;
  #looks = 0;
  #looking: Promise<void> | undefined = undefined;
  #closed = false;

  constructor(parts: FinishedJobsParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      void this.look();
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Looks now; joins a look that is under way. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Stops before the next command. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { queues, isReachable, noteError } = this.#parts;
    const alsoOld = this.#looks++ % LOOKS_COUNT === 0;
    for (const queue of queues()) {
      if (this.#closed || !isReachable()) return;
      try {
        await this.#removeSurplus(queue);
        if (alsoOld) for (const { state, ageMs } of KEPT) await queue.clean(ageMs, REMOVE_COUNT, state);
      } catch (error) {
        noteError(error as Error);
      }
    }
  }

  async #removeSurplus(queue: Queue): Promise<void> {
    const counts = await queue.getJobCounts(...KEPT.map(({ state }) => state));
    for (const { state, count } of KEPT) {
      for (let surplus = (counts[state] ?? 0) - count; surplus > 0 && !this.#closed; surplus -= REMOVE_COUNT) {
        await queue.clean(0, Math.min(surplus, REMOVE_COUNT), state);
      }
    }
  }
}
