import type { Clock } from "../../kernel/index.ts";

/** What a board reads of a task. */
export interface WatchedTask {
  readonly name: string;
  /** Since when each run has failed, on the monotonic clock; undefined while it works. */
  readonly failingSinceMs: number | undefined;
  /** Why the last run failed. */
  readonly reason: string;
}

/** A task that does not work now. */
export interface FailingTask {
  readonly task: string;
  readonly failingForMs: number;
  readonly reason: string;
}

/** A task that has failed for less long may have met a restart, and is not told of. */
const TOLD_AFTER_MS = 5_000;

/** The background work of one context in this process, for readiness: which of it fails now. */
export class TaskBoard {
  readonly #clock: Clock;
  readonly #tasks: Set<WatchedTask>;

  /** With what is no {@link Task} and is watched too. */
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

  /** The tasks that have failed for five seconds and more, the one that has failed longest first. */
  failing(): readonly FailingTask[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#tasks]
      .flatMap(({ name, failingSinceMs, reason }) =>
        failingSinceMs === undefined || nowMs - failingSinceMs < TOLD_AFTER_MS ? [] : [{ task: name, failingForMs: nowMs - failingSinceMs, reason }],
      )
      .sort((one, other) => other.failingForMs - one.failingForMs);
  }
}
