import { catalogueError, isStorableJson, type Principal } from "../../kernel/index.ts";

/** Where and for whom something began, where that is not what the transaction's scope says. */
export interface AppendOrigin {
  readonly traceparent: string;
  readonly initiator: Principal;
}

/** An event that a transaction tells, when it commits. */
export interface AppendedEvent {
  readonly name: string;
  /** JSON. */
  readonly payload: unknown;
  /** Events of one name with the same key are numbered without gap, in the order in which their transactions commit. */
  readonly key: string | undefined;
  readonly origin?: AppendOrigin;
}

/** A job that a transaction starts, when it commits. */
export interface AppendedJob {
  readonly name: string;
  /** JSON. */
  readonly data: unknown;
  /** JSON; how the queue is to treat it. */
  readonly options: object;
  readonly origin?: AppendOrigin;
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
  readonly traceparent: string | null;
  readonly initiator: Principal | null;
}

/** What a transaction has appended so far. Errors of what is added: BAD_REQUEST where the table cannot keep it; nothing is added then. */
export class OutboxRows {
  readonly rows: OutboxRow[] = [];
  readonly #keyed = new Map<string, number>();

  addEvent({ name, payload, key, origin }: AppendedEvent): void {
    this.rows.push({
      kind: "event",
      name,
      ordered_key: key ?? null,
      key_index: this.#nextIndex(name, key),
      payload: copy(payload, `The event ${name}`),
      options: null,
      ...columnsOf(origin),
    });
  }

  addJob({ name, data, options, origin }: AppendedJob): void {
    this.rows.push({
      kind: "job",
      name,
      ordered_key: null,
      key_index: null,
      payload: copy(data, `The job ${name}`),
      options: copy(options, `The job ${name}`) as object,
      ...columnsOf(origin),
    });
  }

  #nextIndex(name: string, key: string | undefined): number | null {
    if (key === undefined) return null;
    const id = JSON.stringify([name, key]);
    const index = (this.#keyed.get(id) ?? 0) + 1;
    this.#keyed.set(id, index);
    return index;
  }
}

function columnsOf(origin: AppendOrigin | undefined): Pick<OutboxRow, "traceparent" | "initiator"> {
  return { traceparent: origin?.traceparent ?? null, initiator: origin?.initiator ?? null };
}

/** What the caller changes after appending is not part of the event. */
function copy(value: unknown, what: string): unknown {
  if (value === undefined) return null;
  const json = JSON.stringify(value);
  assertStorable(json, what);
  return JSON.parse(json);
}

/** Told to the code that appends: at the commit nothing says which of all rows it was. Errors: BAD_REQUEST. */
export function assertStorable(json: string, what: string): void {
  if (!isStorableJson(json))
    throw catalogueError("BAD_REQUEST", `${what} holds a character that cannot be stored (U+0000, or half of a surrogate pair).`);
}
