import { randomInt } from "node:crypto";
import { type BackoffBounds, fullJitterMs } from "../../kernel/backoff.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { Logger } from "../../kernel/log.ts";
import { TimerEntry, type Timers } from "../../kernel/timers.ts";
import { describeError } from "../../observe/redaction.ts";
import type { CountLeft, CountWork } from "../../observe/work-metrics.ts";
import type { LeaseThread } from "./lease-thread.ts";
import type { TaskBoard, WatchedTask } from "./task-board.ts";

/** What all tasks of one context share. */
export interface TaskDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Returns a number in [0, 1), for the jitter of waits after failures. */
  readonly random?: () => number;
  /** Readiness reads from this board which tasks fail. */
  readonly board?: TaskBoard | undefined;
}

/** What a process hands to the background work of one context. */
export interface ContextWorkDeps extends TaskDeps {
  readonly random: () => number;
  readonly newId: () => string;
  readonly count?: CountWork;
  readonly left?: CountLeft;
  /** Renews leases while this process is blocked. */
  readonly thread?: LeaseThread | undefined;
}

interface TaskOptions extends TaskDeps {
  /** The name of the task in the log and in readiness. */
  readonly task: string;
  /** The wait until the next run if nothing wakes the task. */
  readonly everyMs: number;
  /** After a failure the task waits for `firstMs`, and then for a random time that grows with each failure up to `greatestMs`. Default: 250 ms and 5 s. */
  readonly backoff?: BackoffBounds;
  /** Does a piece of the work. Returns whether there may be more work now. Then it is called again without a wait. */
  readonly run: () => Promise<boolean>;
}

/** Waits after failures. Nothing wakes a failed task before its wait is over. */
const BACKOFF: BackoffBounds = { firstMs: 250, greatestMs: 5_000 };

/** Jitter: processes that lost the same server at one moment must not all try it again at one moment. */
const anyRandom = (): number => randomInt(2 ** 32) / 2 ** 32;

/** A failure that lasts is logged once in this time. */
const LOG_AGAIN_MS = 60_000;

/**
 * A loop of background work. It runs when it is woken, and at least once in each `everyMs`. It never runs twice at once in one process.
 *
 *     idle    --wake(), or everyMs passed-->  running
 *     running --nothing more to do-->         idle
 *     running --woken meanwhile-->            running, once more
 *     running --throws-->                     failing
 *     failing --backoff passed-->             running
 *     any     --close()-->                    closed, after the piece that runs
 *
 * I1. While a task runs, no second piece of it begins in this process.
 * I2. A wake that comes while the task runs is not lost: the task runs once more.
 * I3. A task that fails waits for at least `backoff.firstMs`, however often it is woken. So a server that is away gets no requests in a loop.
 * I4. What `run` waits for must end by itself: see {@link WorkDatabase}, whose statements have deadlines that this process keeps.
 */
export class Task extends TimerEntry implements Closable, WatchedTask {
  readonly #options: TaskOptions;
  #isRunning = false;
  #running: Promise<void> = Promise.resolve();
  #woken = false;
  #closed = false;
  #failures = 0;
  #failingSinceMs: number | undefined = undefined;
  #reason = "";
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TaskOptions) {
    super();
    this.#options = options;
    options.board?.add(this);
  }

  get name(): string {
    return this.#options.task;
  }

  /** Since when each run of the task has failed, on the monotonic clock; undefined while the task works. */
  get failingSinceMs(): number | undefined {
    return this.#failingSinceMs;
  }

  /** Why the last run failed. */
  get reason(): string {
    return this.#reason;
  }

  wake(): void {
    this.#woken = true;
    if (this.#closed || this.#isRunning || this.#failures > 0) return;
    this.#start();
  }

  override expire(): void {
    if (!this.#closed && !this.#isRunning) this.#start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.timers.remove(this);
    await this.#running;
    this.#options.board?.remove(this);
  }

  #start(): void {
    this.#options.timers.remove(this);
    // This is set before the work begins, because the work may wake this task at once.
    this.#isRunning = true;
    this.#running = this.#work().finally(() => {
      this.#isRunning = false;
      if (this.#closed) return;
      if (this.#woken && this.#failures === 0) this.#start();
      else this.#options.timers.add(this, this.#options.clock.monotonicMs() + this.#waitMs());
    });
  }

  async #work(): Promise<void> {
    try {
      for (let more = true; more && !this.#closed; ) {
        this.#woken = false;
        more = await this.#options.run();
        this.#succeeded();
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #waitMs(): number {
    const { everyMs, backoff = BACKOFF, random = anyRandom } = this.#options;
    if (this.#failures === 0) return everyMs;
    return backoff.firstMs + fullJitterMs(this.#failures, backoff, random);
  }

  #succeeded(): void {
    const { task, log, clock } = this.#options;
    if (this.#failingSinceMs !== undefined && this.#failures > 1)
      log.info(
        { task, failures: this.#failures, failedForMs: Math.round(clock.monotonicMs() - this.#failingSinceMs) },
        "background work goes on again",
      );
    this.#failures = 0;
    this.#failingSinceMs = undefined;
    this.#loggedAtMs = Number.NEGATIVE_INFINITY;
  }

  #failed(error: unknown): void {
    const { task, log, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#failures++;
    this.#failingSinceMs ??= nowMs;
    this.#reason = describeError(error);
    if (this.#closed || nowMs - this.#loggedAtMs < LOG_AGAIN_MS) return;
    this.#loggedAtMs = nowMs;
    log.warn({ err: error, task, failures: this.#failures }, "background work failed; it is tried again");
  }
}
