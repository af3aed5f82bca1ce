import type { Scope } from "../../kernel/scope.ts";
import type { StatementRequest } from "../drizzle/statement-runner.ts";
import { quoteIdentifier } from "../identifier.ts";
import type { OutboxRow } from "./outbox-row.ts";

/**
 * The statements that write the outbox rows of a transaction, right before it commits: in one round trip, with the keys locked for as short a time as
 * possible.
 *
 * A single row, the most common case, has its own statements: the one for many rows takes the server three times as long.
 *
 * I1. The numbers of a key follow the commits, one after the other.
 * I2. A number of a key never comes twice, also if its counter was removed meanwhile: a new counter begins after the highest position of its event that
 *     was removed. The number of an event is never higher than its position, so that is higher than all earlier numbers of the key.
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

  /** The statement for these rows. There is at least one. */
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
