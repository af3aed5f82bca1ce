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

/** Says which rows of the outbox cannot be sent, and why: they come again each time that their lease ends, and each is named once a minute at most. */
export class FailingRows {
  readonly #clock: Clock;
  readonly #log: Logger;
  /** When rows were named, by their ids; the one that was named longest ago first. */
  readonly #namedMs = new Map<string, number>();

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  note(failed: readonly FailedRow[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, namedMs] of this.#namedMs) if (nowMs - namedMs >= QUIET_MS) this.#namedMs.delete(id);
    for (const { row, error } of failed) {
      const { id, kind, name, position } = row;
      if (this.#namedMs.has(id) || this.#namedMs.size >= NAMED_COUNT) continue;
      this.#namedMs.set(id, nowMs);
      this.#log.warn(
        { err: error, rowId: id, position, kind, name, count: failed.length },
        "a row of the outbox cannot be sent: it is tried again when its lease ends, and holds up no others; correct it in holon_outbox",
      );
    }
  }
}
