import type { Backlog } from "../queue/queue-backend.ts";

/** Which sent jobs a queue must have handed out: those that are at least as urgent as `priority`, and were sent and due more than `forMs` ago. */
export interface LostJobs {
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
 * Remembers what a queue had handed out, and says which jobs it lost: those that it handed out a while ago, and that still wait.
 *
 * I1. A job is lost only if its message had been handed out `graceMs` ago: a process that has taken the message may not have claimed the job yet.
 * I2. It is lost only if its message is not on the queue now: the queue gets a message back whose process died.
 * I3. It is lost only if it was sent `graceMs` before the messages that were handed out: one that was written first may have been added later.
 */
export class HandedOut {
  readonly #graceMs: number;
  /** The oldest one is older than `graceMs`, if there is such a look. All others are not. */
  readonly #looks: Look[] = [];

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Notes what waits on the queue, as it was read at a moment on the monotonic clock. */
  note({ waitedMs, priority }: Pick<Backlog, "waitedMs" | "priority">, atMs: number): void {
    this.#looks.push({ atMs, untilMs: atMs - waitedMs, priority });
    while (this.#looks.length > 1 && (this.#looks[1] as Look).atMs <= atMs - this.#graceMs) this.#looks.shift();
  }

  /** The jobs that are lost at a moment after the last look; undefined if no look is old enough. */
  lostAt(nowMs: number): LostJobs | undefined {
    const [past, last] = [this.#looks[0], this.#looks.at(-1)];
    // I1.
    if (past === undefined || last === undefined || past.atMs > last.atMs - this.#graceMs) return undefined;
    // I2, I3.
    const forMs = nowMs - Math.min(past.untilMs, last.untilMs) + this.#graceMs;
    return { forMs, priority: Math.min(past.priority, last.priority) };
  }
}
