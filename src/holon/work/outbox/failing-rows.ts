import type { Clock, Logger } from "../../kernel/index.ts";
import type { LeasedRow } from "./outbox-lease.ts";

/** A row that could not be sent by itself, while the servers were there. */
export interface FailedRow {
  readonly row: LeasedRow;
  readonly error: unknown;
}

/** After how long a row is named again. */
const QUIET_MS = 60_000;

/** Most rows that are named in that time: the oldest ones. Each line says how many there are. */
const NAMED_COUNT = 20;

/** One row that fails may be as it should not be. If so many do, and nothing is sent between them, it may be the publisher. */
const DOUBTED_COUNT = 2;

/** Most rows whose fault is in doubt that are remembered: about a megabyte. Others fail anew, and are judged then. */
const REMEMBERED_COUNT = 10_000;

/** For how long a publisher that takes nothing is still in doubt. */
const DOUBT_MS = 60_000;

/** What is at fault if rows fail: these rows, or the publisher, as if its version does not fit the tables. */
export type Judgement = { readonly fault: "rows"; readonly positions: readonly number[] } | { readonly fault: "publisher"; readonly error: unknown };

/**
 * Says which rows of the outbox cannot be sent, and why: they come again and again, and each is named once a minute at most. And it judges whose fault
 * that is.
 *
 *     sure     --two rows fail that are not known as bad, and none is sent between them-->  in doubt: it is the publisher
 *     in doubt --a row is sent-->                                                           sure: it was the rows
 *     in doubt --none of them fails for a minute-->                                         sure
 *
 * I1. Rows that are known as bad tell nothing of the publisher: they alone bring it in no doubt, however many they are.
 * I2. A publisher that takes nothing, since others were faster, stays in doubt for a while. Else readiness would say in turns that it works and that it
 *     fails.
 */
export class FailingRows {
  readonly #clock: Clock;
  readonly #log: Logger;
  /** When rows were named, by their ids; the one that was named longest ago first. */
  readonly #namedMs = new Map<string, number>();
  /** Positions of rows that have failed since a row was sent, and are not known as bad. */
  readonly #doubtful = new Set<number>();
  /** When one of them failed last. */
  #doubtedMs = Number.NEGATIVE_INFINITY;
  #error: unknown = undefined;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Names rows that failed. */
  name(failed: readonly FailedRow[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, namedMs] of this.#namedMs) if (nowMs - namedMs >= QUIET_MS) this.#namedMs.delete(id);
    for (const { row, error } of failed) {
      const { id, kind, name, position } = row;
      if (this.#namedMs.has(id) || this.#namedMs.size >= NAMED_COUNT) continue;
      this.#namedMs.set(id, nowMs);
      this.#log.warn(
        { err: error, rowId: id, position, kind, name, count: failed.length },
        "a row of the outbox cannot be sent: it is tried again, later each time, and holds up no others; correct it in holon_outbox, and set its leased_until to null",
      );
    }
  }

  /** Judges by what became of so many rows that were taken. */
  judge(takenCount: number, failed: readonly FailedRow[]): Judgement {
    const positions = failed.map(({ row }) => row.position);
    if (takenCount > failed.length) {
      const bad = [...new Set([...this.#doubtful, ...positions])];
      this.#doubtful.clear();
      return { fault: "rows", positions: bad };
    }
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#doubtedMs >= DOUBT_MS) this.#doubtful.clear();
    for (const { row, error } of failed) {
      if (row.wasLeased) continue;
      if (this.#doubtful.size < REMEMBERED_COUNT) this.#doubtful.add(row.position);
      this.#doubtedMs = nowMs;
      this.#error = error;
    }
    return this.#doubtful.size < DOUBTED_COUNT ? { fault: "rows", positions } : { fault: "publisher", error: this.#error };
  }
}
