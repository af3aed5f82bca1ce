import { catalogueError } from "../../kernel/holon-error.ts";
import type { Principal } from "../../kernel/principal.ts";
import { isStorableJson } from "../../kernel/thrown.ts";

/** Where and for whom a row began, if it is not what the transaction's scope says. */
export interface AppendOrigin {
  readonly traceparent: string;
  readonly initiator: Principal;
}

/** An event that is published when its transaction commits. */
export interface AppendedEvent {
  readonly name: string;
  /** JSON. */
  readonly payload: unknown;
  /** Events of one name with the same key are numbered without gaps, in the order in which their transactions commit. */
  readonly key: string | undefined;
  readonly origin?: AppendOrigin;
}

/** A job that starts when its transaction commits. */
export interface AppendedJob {
  readonly name: string;
  /** JSON. */
  readonly data: unknown;
  /** JSON: how the queue has to treat it. */
  readonly options: object;
  readonly origin?: AppendOrigin;
}

/** A row for `holon_outbox`; names as in the table. */
export interface OutboxRow {
  readonly kind: "event" | "job";
  readonly name: string;
  readonly ordered_key: string | null;
  /** The number of the row among those with its name and key in the transaction, from 1. */
  readonly key_index: number | null;
  readonly payload: unknown;
  readonly options: object | null;
  readonly traceparent: string | null;
  readonly initiator: Principal | null;
}

/** The rows that a transaction has appended so far. Errors of adding: BAD_REQUEST if the table cannot keep the row; then nothing is added. */
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

/** A copy, so that later changes of the caller are not part of the event. */
function copy(value: unknown, what: string): unknown {
  if (value === undefined) return null;
  const json = JSON.stringify(value);
  assertStorable(json, what);
  return JSON.parse(json);
}

/** Checked for the code that appends, because at the commit it is unknown which row was wrong. Errors: BAD_REQUEST. */
export function assertStorable(json: string, what: string): void {
  if (!isStorableJson(json))
    throw catalogueError("BAD_REQUEST", `${what} holds a character that cannot be stored (U+0000, or half of a surrogate pair).`);
}
