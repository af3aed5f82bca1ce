import type { Clock } from "../../kernel/clock.ts";

/** What the board reads about a task. */
export interface WatchedTask {
  readonly name: string;
  /** Since when each run of the task has failed, on the monotonic clock; undefined while the task works. */
  readonly failingSinceMs: number | undefined;
  /** Why the last run failed. */
  readonly reason: string;
}

/** A task that fails now. */
interface FailingTask {
  readonly task: string;
  readonly failingForMs: number;
  readonly reason: string;
}

/** A task that has failed for a shorter time is not listed: a server may just have restarted. */
const TOLD_AFTER_MS = 5_000;

/** The background work of one context in this process. Readiness reads from it which tasks fail now. */
export class TaskBoard {
  readonly #clock: Clock;
  readonly #tasks: Set<WatchedTask>;

  /** `others` are watched too, although they are not a {@link Task}. */
  constructor(clock: Clock, others: readonly WatchedTask[] = []) {
    this.#clock = clock;
    this.#tasks = new Set(others);
  }

  add(task: WatchedTask): void {
    this.#tasks.add(task);
  }

  remove(task: WatchedTask): void {
    this.#tasks.delete(task);
  }

  /** The tasks that have failed for five seconds or more, the longest failure first. */
  failing(): readonly FailingTask[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#tasks]
      .flatMap(({ name, failingSinceMs, reason }) =>
        failingSinceMs === undefined || nowMs - failingSinceMs < TOLD_AFTER_MS ? [] : [{ task: name, failingForMs: nowMs - failingSinceMs, reason }],
      )
      .sort((one, other) => other.failingForMs - one.failingForMs);
  }
}
