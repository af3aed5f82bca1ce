import type { Backlog } from "./queue-backend.ts";

/** Which sent work a queue must have handed out: what is at least as urgent as `priority`, and was sent and due more than `forMs` ago. */
export interface LostWork {
  readonly forMs: number;
  readonly priority: number;
}

/** What a queue had handed out at one moment: messages at least as urgent as `priority` that could be handed out before `untilMs`. */
interface Look {
  readonly atMs: number;
  readonly untilMs: number;
  readonly priority: number;
}

/** About how many looks are kept. */
const KEPT_COUNT = 500;

/**
 * Remembers what a queue had handed out, and says which work it lost: what it handed out a while ago, and what still waits.
 *
 * I1. Work is lost only if its message had been handed out for the time of grace: a process that has taken the message may not have written that yet. If that
 *     is noted by another queue, the grace begins before the oldest message there.
 * I2. It is lost only if its message is not on the queue now: the queue gets a message back whose process died.
 * I3. It is lost only if it was sent for the time of grace before the messages that were handed out: one that was written first may have been added later.
 */
export class HandedOut {
  readonly #greatestMs: number;
  /** The oldest one is as old as is needed, if there is such a look. All others are not. */
  readonly #looks: Look[] = [];

  /** Looks are needed for so long: for the greatest grace, and for as long as another queue may be behind. If it is longer, no work counts as lost. */
  constructor(greatestMs: number) {
    this.#greatestMs = greatestMs;
  }

  /** Notes what waits on the queue, as it was read at a moment on the monotonic clock. */
  note({ waitedMs, priority }: Pick<Backlog, "waitedMs" | "priority">, atMs: number): void {
    // Few looks are kept, however many are made.
    if (atMs - (this.#looks.at(-2)?.atMs ?? Number.NEGATIVE_INFINITY) < this.#greatestMs / KEPT_COUNT) this.#looks.pop();
    this.#looks.push({ atMs, untilMs: atMs - waitedMs, priority });
    while (this.#looks.length > 1 && (this.#looks[1] as Look).atMs <= atMs - this.#greatestMs) this.#looks.shift();
  }

  /**
   * What is lost at a moment after the last look; undefined if no look is old enough. `behindMs` is the age of the oldest message of the queue that notes what
   * was done, as it was read after the last look.
   */
  lostAt(nowMs: number, graceMs = this.#greatestMs, behindMs = 0): LostWork | undefined {
    const last = this.#looks.at(-1);
    if (last === undefined) return undefined;
    // I1.
    const past = this.#looks.findLast(({ atMs }) => atMs <= last.atMs - graceMs - behindMs);
    if (past === undefined) return undefined;
    // I2, I3.
    const forMs = nowMs - Math.min(past.untilMs, last.untilMs) + graceMs;
    return { forMs, priority: Math.min(past.priority, last.priority) };
  }
}
