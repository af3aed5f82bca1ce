import type { Sql } from "postgres";
import { waitUntil } from "../../faults/harness/wait.ts";
import type { MovedClock } from "./moved-clock.ts";
import { lookAround } from "./quiet.ts";

/** How far behind a moment that is due the clock is set at most: what is due soon after it is met by the same jump. */
const BEHIND_MS = 15 * 60_000;

/** Time that goes at its own speed while there is work, and jumps to the next moment that is due when all is quiet. */
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

  /** Lets time pass up to a moment. Resolves when it is reached and all is quiet. Errors: what never ended. */
  async passTo(atMs: number): Promise<void> {
    for (;;) {
      const nextMs = await this.#quiet();
      const nowMs = this.#clock.nowMs();
      if (nowMs >= atMs) return;
      this.#clock.jumpTo(Math.min(atMs, (nextMs ?? atMs) + BEHIND_MS));
      this.jumps++;
    }
  }

  /** Moves the clock whatever is under way. */
  jumpTo(atMs: number): void {
    this.#clock.jumpTo(atMs);
    this.jumps++;
  }

  /** Resolves when nothing is due or under way; with the next moment that is due. */
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
