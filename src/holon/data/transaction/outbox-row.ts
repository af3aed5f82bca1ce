import type { Scope } from "../../kernel/index.ts";
import { quoteIdentifier } from "../identifier.ts";

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

/** A row as `insertStatement` takes it; names as in the table. */
export interface OutboxRow {
  readonly kind: "event" | "job";
  readonly name: string;
  readonly ordered_key: string | null;
  /** Which row of its name and key it is within the transaction, from 1. */
  readonly key_index: number | null;
  readonly payload: unknown;
  readonly options: object | null;
}

/**
 * The statement that writes all outbox rows of a transaction, right before it commits: in one trip, and with the keys locked as shortly as can be.
 *
 * Keys are locked in their sorted order, so that two transactions with the same keys do not wait for each other in a circle.
 * Parameters: the rows as JSON, traceparent, initiator as JSON.
 */
export function insertStatement(schema: string): string {
  const own = quoteIdentifier(schema);
  return `
with rows as (
  select * from rows from (jsonb_to_recordset($1::text::jsonb)
    as (kind text, name text, ordered_key text, key_index bigint, payload jsonb, options jsonb)) with ordinality as r (kind, name, ordered_key, key_index, payload, options, place)
), counts as (
  select name, ordered_key, count(*) as rows from rows where ordered_key is not null group by name, ordered_key order by name, ordered_key
), numbers as (
  insert into ${own}.holon_order as o (name, ordered_key, last_number) select name, ordered_key, rows from counts order by name, ordered_key
  on conflict (name, ordered_key) do update set last_number = o.last_number + excluded.last_number
  returning o.name, o.ordered_key, o.last_number
)
insert into ${own}.holon_outbox (kind, name, ordered_key, key_number, payload, options, traceparent, initiator)
select r.kind, r.name, r.ordered_key, n.last_number - c.rows + r.key_index, r.payload, r.options, $2::text, $3::text::jsonb
from rows r
left join numbers n on n.name = r.name and n.ordered_key = r.ordered_key
left join counts c on c.name = r.name and c.ordered_key = r.ordered_key
order by r.place`;
}

/** The parameters of {@link insertStatement}. */
export function insertParams(rows: readonly OutboxRow[], scope: Scope): string[] {
  return [JSON.stringify(rows), scope.trace.traceparent, JSON.stringify(scope.initiator)];
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
