import type { Queue } from "bullmq";

/** What is kept of jobs that are over, for the dashboard: the latest `count` of each state, none older than `ageMs`. */
const KEPT = [
  { state: "completed", count: 2_000, ageMs: 3_600_000 },
  { state: "failed", count: 10_000, ageMs: 14 * 86_400_000 },
] as const;

/** Time between two looks for jobs beyond the count of `KEPT`. */
export const FINISHED_MS = 5_000;

/** One of this many looks also removes the jobs that are older than `KEPT` allows. */
const LOOKS_COUNT = 12;

/** Most jobs that one command removes: Redis does nothing else meanwhile. */
const REMOVE_COUNT = 1_000;

/** Sends a request to a queue. Errors: UNAVAILABLE, within a bounded time. */
type AskQueue = <Answer>(queue: string, ask: (queue: Queue) => Promise<Answer>) => Promise<Answer>;

/**
 * Removes jobs that are over, now and then and many at once. BullMQ's own way searches all kept jobs whenever a job ends. That was seen to cost half of a job's
 * time on Redis, and more than the job's time on Postgres.
 */
export class FinishedJobs {
  readonly #ask: AskQueue;
  #looks = 0;

  constructor(ask: AskQueue) {
    this.#ask = ask;
  }

  /** Looks through the queues once. Errors: those of {@link AskQueue}. */
  async look(queues: Iterable<string>): Promise<void> {
    const alsoOld = this.#looks++ % LOOKS_COUNT === 0;
    for (const queue of queues) {
      await this.#removeSurplus(queue);
      if (alsoOld) for (const { state, ageMs } of KEPT) await this.#ask(queue, (bull) => bull.clean(ageMs, REMOVE_COUNT, state));
    }
  }

  async #removeSurplus(queue: string): Promise<void> {
    const counts = await this.#ask(queue, (bull) => bull.getJobCounts(...KEPT.map(({ state }) => state)));
    for (const { state, count } of KEPT) {
      for (let surplus = (counts[state] ?? 0) - count; surplus > 0; surplus -= REMOVE_COUNT) {
        await this.#ask(queue, (bull) => bull.clean(0, Math.min(surplus, REMOVE_COUNT), state));
      }
    }
  }
}
