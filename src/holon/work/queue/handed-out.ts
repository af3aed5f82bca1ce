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

/**
 * Remembers what a queue had handed out, and says which work it lost: what it handed out a while ago, and what still waits.
 *
 * I1. Work is lost only if its message had been handed out for the time of grace: a process that has taken the message may not have written that yet.
 * I2. It is lost only if its message is not on the queue now: the queue gets a message back whose process died.
 * I3. It is lost only if it was sent for the time of grace before the messages that were handed out: one that was written first may have been added later.
 */
export class HandedOut {
  readonly #greatestMs: number;
  /** The oldest one is older than the greatest grace, if there is such a look. All others are not. */
  readonly #looks: Look[] = [];

  constructor(greatestGraceMs: number) {
    this.#greatestMs = greatestGraceMs;
  }

  /** Notes what waits on the queue, as it was read at a moment on the monotonic clock. */
  note({ waitedMs, priority }: Pick<Backlog, "waitedMs" | "priority">, atMs: number): void {
    this.#looks.push({ atMs, untilMs: atMs - waitedMs, priority });
    while (this.#looks.length > 1 && (this.#looks[1] as Look).atMs <= atMs - this.#greatestMs) this.#looks.shift();
  }

  /** What is lost at a moment after the last look; undefined if no look is old enough. */
  lostAt(nowMs: number, graceMs = this.#greatestMs): LostWork | undefined {
    const last = this.#looks.at(-1);
    if (last === undefined) return undefined;
    // I1.
    const past = this.#looks.findLast(({ atMs }) => atMs <= last.atMs - graceMs);
    if (past === undefined) return undefined;
    // I2, I3.
    const forMs = nowMs - Math.min(past.untilMs, last.untilMs) + graceMs;
    return { forMs, priority: Math.min(past.priority, last.priority) };
  }
}
