import type { Backlog } from "./queue-backend.ts";

/** Says which sent work a queue must have handed out: all that is at least as urgent as `priority`, and was both sent and due more than `forMs` ago. */
export interface LostWork {
  readonly forMs: number;
  readonly priority: number;
}

/** What a queue had handed out at one moment: all messages that are at least as urgent as `priority` and could be handed out before `untilMs`. */
interface Look {
  readonly atMs: number;
  readonly untilMs: number;
  readonly priority: number;
}

/** About how many looks are kept. */
const KEPT_COUNT = 500;

/**
 * Remembers what a queue had handed out, and says which work the queue lost: its message was handed out a while ago, and its row still waits.
 *
 * I1. Work counts as lost only some time after its message was handed out, the grace: the process that took the message may not have written its claim or the
 *     outcome yet. If another queue carries the reports that work is done, the grace is counted back from the moment at which the oldest message on that queue
 *     was added.
 * I2. Work counts as lost only if its message is not on the queue now: if a process dies, its message goes back to the queue.
 * I3. Work counts as lost only if it was sent earlier than the messages that were handed out, by at least the grace: of two messages, the one whose row was
 *     written first may have been added to the queue later.
 */
export class HandedOut {
  readonly #greatestMs: number;
  /** The first look is at least `greatestMs` old, if such a look was made. All others are younger than `greatestMs`. */
  readonly #looks: Look[] = [];

  /**
   * `greatestMs` says how long looks are kept. It is the greatest grace, plus the longest time that the other queue may be behind. If the other queue is
   * further behind, no work counts as lost.
   */
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
   * What is lost at a moment after the last look; undefined if no look is old enough. If another queue carries the reports that work is done, `behindMs` is the
   * age of its oldest message, as it was read after the last look.
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
