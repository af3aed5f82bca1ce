import { catalogueError } from "../../kernel/holon-error.ts";
import type { Principal } from "../../kernel/principal.ts";
import type { Scope } from "../../kernel/scope.ts";
import { isStorableJson } from "../../kernel/thrown.ts";
import type { StatementRequest } from "../drizzle/sql.ts";
import { quoteIdentifier } from "../identifier.ts";

/** The trace and the initiator of a row, if they are not those of the transaction's scope. */
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
  /** How the queue has to treat the job, as JSON. */
  readonly options: object;
  readonly origin?: AppendOrigin;
}

/** A row for `holon_outbox`. The members are named as in the table. */
interface OutboxRow {
  readonly kind: "event" | "job";
  readonly name: string;
  readonly ordered_key: string | null;
  /** The number of the row among the rows of this transaction with the same name and key, from 1. */
  readonly key_index: number | null;
  readonly payload: unknown;
  readonly options: object | null;
  readonly traceparent: string | null;
  readonly initiator: Principal | null;
}

/** The rows that a transaction has appended so far. Adding a row fails with BAD_REQUEST if the table cannot keep the row; then nothing is added. */
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

/**
 * Checks that Postgres can store a text. This is checked when a row is appended, because an error at the commit does not say which row was wrong. Errors:
 * BAD_REQUEST.
 */
export function assertStorable(json: string, what: string): void {
  if (!isStorableJson(json))
    throw catalogueError("BAD_REQUEST", `${what} holds a character that cannot be stored (U+0000, or half of a surrogate pair).`);
}

/**
 * The statements that write the outbox rows of a transaction, right before the transaction commits. They take one round trip, and lock the keys for as short a
 * time as possible.
 *
 * A single row, the most common case, has its own statements, because the statement for many rows takes the server three times as long.
 *
 * I1. The numbers of a key are in the order of the commits, without gaps.
 * I2. A number of a key never comes twice, even if the counter of the key was removed. A new counter begins after the highest position at which an event of the
 *     same name was removed. The number of an event is never higher than its position, so the new numbers are higher than all earlier numbers of the key.
 */
export class OutboxStatements {
  readonly #plain: string;
  readonly #ordered: string;
  readonly #many: string;

  constructor(schema: string) {
    const own = quoteIdentifier(schema);
    this.#plain = plainText(own);
    this.#ordered = orderedText(own);
    this.#many = manyText(own);
  }

  /** The statement for these rows, of which there is at least one. */
  insert(rows: readonly OutboxRow[], scope: Scope): StatementRequest {
    const origin = [scope.trace.traceparent, JSON.stringify(scope.initiator)];
    const [row] = rows;
    if (row === undefined || rows.length > 1) return request(this.#many, [JSON.stringify(rows), ...origin]);
    const rowOrigin = [row.traceparent ?? origin[0], row.initiator === null ? origin[1] : JSON.stringify(row.initiator)];
    const params = [row.kind, row.name, JSON.stringify(row.payload), row.options === null ? null : JSON.stringify(row.options), ...rowOrigin];
    return row.ordered_key === null ? request(this.#plain, params) : request(this.#ordered, [...params, row.ordered_key]);
  }
}

function request(text: string, params: readonly unknown[]): StatementRequest {
  return { text, params, prepare: true, rows: "arrays" };
}

const COLUMNS = "kind, name, payload, options, traceparent, initiator";
const VALUES = "$1::text, $2::text, $3::text::jsonb, $4::text::jsonb, $5::text, $6::text::jsonb";

function plainText(own: string): string {
  return `insert into ${own}.holon_outbox (${COLUMNS}) values (${VALUES})`;
}

/** The position after which the numbers of a new counter begin (I2). */
function removedUpTo(own: string, name: string): string {
  return `coalesce((select r.position from ${own}.holon_removed r where r.name = ${name}), 0)`;
}

function orderedText(own: string): string {
  const first = `${removedUpTo(own, "$2::text")} + 1`;
  return `
with number as (
  insert into ${own}.holon_order as o (name, ordered_key, last_number, idle_number) values ($2::text, $7::text, ${first}, ${first})
  on conflict (name, ordered_key) do update set last_number = o.last_number + 1
  returning o.last_number
)
insert into ${own}.holon_outbox (${COLUMNS}, ordered_key, key_number) select ${VALUES}, $7::text, last_number from number`;
}

/** Keys are locked in sorted order, so that two transactions with the same keys do not deadlock. */
function manyText(own: string): string {
  return `
with rows as (
  select * from rows from (jsonb_to_recordset($1::text::jsonb)
    as (kind text, name text, ordered_key text, key_index bigint, payload jsonb, options jsonb, traceparent text, initiator jsonb)) with ordinality
    as r (kind, name, ordered_key, key_index, payload, options, traceparent, initiator, place)
), counts as (
  select name, ordered_key, count(*) as rows from rows where ordered_key is not null group by name, ordered_key
), firsts as (
  select name, ordered_key, ${removedUpTo(own, "c.name")} + rows as number from counts c
), numbers as (
  insert into ${own}.holon_order as o (name, ordered_key, last_number, idle_number)
  select name, ordered_key, number, number from firsts order by name, ordered_key
  on conflict (name, ordered_key) do update set last_number = o.last_number + excluded.last_number - ${removedUpTo(own, "o.name")}
  returning o.name, o.ordered_key, o.last_number
)
insert into ${own}.holon_outbox (${COLUMNS}, ordered_key, key_number)
select r.kind, r.name, r.payload, r.options, coalesce(r.traceparent, $2::text), coalesce(r.initiator, $3::text::jsonb), r.ordered_key, n.last_number - c.rows + r.key_index
from rows r
left join numbers n on n.name = r.name and n.ordered_key = r.ordered_key
left join counts c on c.name = r.name and c.ordered_key = r.ordered_key
order by r.place`;
}
