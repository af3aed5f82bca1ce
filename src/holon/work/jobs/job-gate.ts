import { Semaphore } from "../../kernel/index.ts";

/** Longest that a job which was taken ahead should wait for its turn, going by how long runs have taken. */
const AHEAD_MS = 10;

/** After so long a job that was taken ahead is left to others. */
const LATE_MS = 100;

/** Longest that the jobs of one message should keep each other waiting, going by how long runs have taken. */
const TOGETHER_MS = 50;

/** How much the last run counts in the usual length of a run. */
const WEIGHT = 0.1;

/** What {@link JobGate} needs. */
export interface JobGateParts {
  /** Handlers of a queue that run at once in this process. */
  readonly concurrency: number;
  /** Most jobs that may be taken ahead. */
  readonly aheadCount: number;
  /** How many messages are to be taken ahead from now on. */
  readonly onAhead: (count: number) => void;
}

/**
 * Lets so many handlers of a queue run at once, while a few jobs more are taken and claimed ahead, which would otherwise leave handlers waiting for
 * queue and database. If runs take long nothing is taken ahead: another process may be free.
 */
export class JobGate {
  readonly #parts: JobGateParts;
  readonly #places: Semaphore;
  readonly #lookingOn: (() => void)[] = [];
  #usualMs = AHEAD_MS;
  /** Jobs of a message. */
  #usualCount = 1;
  #ahead = 0;

  constructor(parts: JobGateParts) {
    this.#parts = parts;
    this.#places = new Semaphore(parts.concurrency);
  }

  /** How many jobs of a message of so many are to be run here. The others are left to processes that are free: if runs take long, all but one. */
  roomFor(count: number): number {
    this.#usualCount += (Math.max(1, count) - this.#usualCount) * WEIGHT;
    return Math.max(1, Math.min(count, Math.floor(TOGETHER_MS / this.#usualMs)));
  }

  /** Handlers that may begin at once. */
  get freeCount(): number {
    return this.#places.free;
  }

  /** Resolves when it is this job's turn; to false if that has not come within 100 ms. */
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

  /** Gives the place of a run that took so long to the next one; without a time, the place of one that did not run. */
  leave(tookMs?: number): void {
    if (tookMs !== undefined) this.#look(tookMs);
    this.#places.leave();
    if (this.freeCount > 0) for (const tell of this.#lookingOn.splice(0)) tell();
  }

  /** Resolves when a place is free. A job that was turned away keeps its message until then: the next one would be turned away as well, and so on without end. */
  async untilFree(): Promise<void> {
    if (this.freeCount === 0) await new Promise<void>((resolve) => this.#lookingOn.push(resolve));
  }

  #look(tookMs: number): void {
    const { concurrency, aheadCount, onAhead } = this.#parts;
    this.#usualMs += (tookMs - this.#usualMs) * WEIGHT;
    const jobs = Math.min(aheadCount, Math.floor((concurrency * AHEAD_MS) / Math.max(this.#usualMs, 0.001) / 2));
    const ahead = Math.ceil(jobs / this.#usualCount);
    if (ahead === this.#ahead) return;
    this.#ahead = ahead;
    onAhead(ahead);
  }
}
