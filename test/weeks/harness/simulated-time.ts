import type { Sql } from "postgres";
import { waitUntil } from "../../faults/harness/wait.ts";
import type { MovedClock } from "./moved-clock.ts";
import { lookAround } from "./quiet.ts";

/** The clock jumps at most this far past the next due time: work that is due soon after is reached by the same jump. */
const BEHIND_MS = 15 * 60_000;

/** Time that runs at its own speed while there is work, and jumps to the next due time when no work is left. */
export class SimulatedTime {
  /** How often the clock was moved. */
  jumps = 0;
  /** A context that no process hosts now. */
  absent: string | undefined = undefined;
  readonly #clock: MovedClock;
  readonly #sql: Sql;
  readonly #contexts: readonly string[];

  constructor(clock: MovedClock, sql: Sql, contexts: readonly string[]) {
    this.#clock = clock;
    this.#sql = sql;
    this.#contexts = contexts;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  /**
   * Lets time pass until a given time. Resolves when it is reached and no work is due or running. Errors: if work does not end in time, an error that
   * names it.
   */
  async passTo(atMs: number): Promise<void> {
    for (;;) {
      const nextMs = await this.#quiet();
      const nowMs = this.#clock.nowMs();
      if (nowMs >= atMs) return;
      this.#clock.jumpTo(Math.min(atMs, (nextMs ?? atMs) + BEHIND_MS));
      this.jumps++;
    }
  }

  /** Moves the clock, even if work is running. */
  jumpTo(atMs: number): void {
    this.#clock.jumpTo(atMs);
    this.jumps++;
  }

  /** Resolves with the next due time when no work is due or running. */
  async #quiet(): Promise<number | undefined> {
    let nextMs: number | undefined;
    const { absent } = this;
    await waitUntil("all is quiet", async () => {
      const look = await lookAround(this.#sql, { contexts: this.#contexts, absent });
      nextMs = look.nextMs;
      return Object.keys(look.busy).length === 0 || { at: new Date(this.nowMs()), busy: look.busy };
    });
    return nextMs;
  }
}
