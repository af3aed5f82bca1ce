/** An event that a transaction tells, when it commits. */
export interface AppendedEvent {
  readonly name: string;
  /** JSON. */
  readonly payload: unknown;
  /** Events of one name with the same key are numbered without gap, in the order in which their transactions commit. */
  readonly key: string | undefined;
}

/** A job that a transaction starts, when it commits. */
export interface AppendedJob {
  readonly name: string;
  /** JSON. */
  readonly data: unknown;
  /** JSON; how the queue is to treat it. */
  readonly options: object;
}

/** A row on its way into `holon_outbox`; names as in the table. */
export interface OutboxRow {
  readonly kind: "event" | "job";
  readonly name: string;
  readonly ordered_key: string | null;
  /** Which row of its name and key it is within the transaction, from 1. */
  readonly key_index: number | null;
  readonly payload: unknown;
  readonly options: object | null;
}

/** What a transaction has appended so far. */
export class OutboxRows {
  readonly rows: OutboxRow[] = [];
  readonly #keyed = new Map<string, number>();

  addEvent({ name, payload, key }: AppendedEvent): void {
    this.rows.push({ kind: "event", name, ordered_key: key ?? null, key_index: this.#nextIndex(name, key), payload: copy(payload), options: null });
  }

  addJob({ name, data, options }: AppendedJob): void {
    this.rows.push({ kind: "job", name, ordered_key: null, key_index: null, payload: copy(data), options: copy(options) as object });
  }

  #nextIndex(name: string, key: string | undefined): number | null {
    if (key === undefined) return null;
    const id = JSON.stringify([name, key]);
    const index = (this.#keyed.get(id) ?? 0) + 1;
    this.#keyed.set(id, index);
    return index;
  }
}

/** What the caller changes after appending is not part of the event. */
function copy(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}
