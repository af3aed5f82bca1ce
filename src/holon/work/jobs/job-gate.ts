import { Semaphore } from "../../kernel/semaphore.ts";

/** How long a job that was taken ahead should wait for its turn at most, as estimated from the usual length of runs. */
const AHEAD_MS = 10;

/** After this long, a job that was taken ahead is passed on to other processes. */
const LATE_MS = 100;

/** How long the jobs of one message should keep each other waiting at most, as estimated from the usual length of runs. */
const TOGETHER_MS = 50;

/** The weight of the last run in the usual length of a run. */
const WEIGHT = 0.1;

interface JobGateDeps {
  /** How many handlers of a queue run at once in this process. */
  readonly concurrency: number;
  /** Most jobs that may be taken ahead. */
  readonly aheadCount: number;
  /** Called when the number of messages to be taken ahead changes. */
  readonly onAhead: (count: number) => void;
}

/**
 * Limits how many handlers of a queue run at once. A few more jobs are taken and claimed ahead, so that handlers do not wait for the queue and the database. If
 * runs take long, nothing is taken ahead: another process may be free.
 */
export class JobGate {
  readonly #deps: JobGateDeps;
  readonly #places: Semaphore;
  readonly #lookingOn: (() => void)[] = [];
  #usualMs = AHEAD_MS;
  /** Usual number of jobs in a message. */
  #usualCount = 1;
  #ahead = 0;

  constructor(deps: JobGateDeps) {
    this.#deps = deps;
    this.#places = new Semaphore(deps.concurrency);
  }

  /** Notes how many jobs a message has. */
  noteCount(count: number): void {
    this.#usualCount += (Math.max(1, count) - this.#usualCount) * WEIGHT;
  }

  /** How many of `count` jobs of one message should run here at once. If runs take long, only one. */
  roomFor(count: number): number {
    return Math.max(1, Math.min(count, Math.floor(TOGETHER_MS / this.#usualMs)));
  }

  /** How many handlers may begin now. */
  get freeCount(): number {
    return this.#places.free;
  }

  /** Resolves to true when it is this job's turn, or to false if its turn does not come within 100 ms. */
  enter(): Promise<boolean> | true {
    if (this.#places.tryEnter()) return true;
    return new Promise((resolve) => {
      const giveUp = this.#places.wait(() => {
        clearTimeout(timer);
        resolve(true);
      });
      const timer = setTimeout(() => {
        giveUp();
        this.#look(LATE_MS);
        resolve(false);
      }, LATE_MS);
    });
  }

  /** Releases a place. `tookMs` is the length of its run; undefined if there was no run. */
  leave(tookMs?: number): void {
    if (tookMs !== undefined) this.#look(tookMs);
    this.#places.leave();
    if (this.freeCount > 0) for (const tell of this.#lookingOn.splice(0)) tell();
  }

  /**
   * Resolves when a place is free. A job that got no place keeps its message until then. Otherwise the next message would find no place either, and so on
   * without end.
   */
  async untilFree(): Promise<void> {
    if (this.freeCount === 0) await new Promise<void>((resolve) => this.#lookingOn.push(resolve));
  }

  #look(tookMs: number): void {
    const { concurrency, aheadCount, onAhead } = this.#deps;
    this.#usualMs += (tookMs - this.#usualMs) * WEIGHT;
    const jobs = Math.min(aheadCount, Math.floor((concurrency * AHEAD_MS) / Math.max(this.#usualMs, 0.001) / 2));
    const ahead = Math.ceil(jobs / this.#usualCount);
    if (ahead === this.#ahead) return;
    this.#ahead = ahead;
    onAhead(ahead);
  }
}
