import type { Fleet } from "../harness/fleet.ts";
import { SUBSCRIBERS, type Subscriber } from "./contracts.ts";

/** Counts of open work, which must all be zero in the end. */
export interface Outstanding {
  readonly unacknowledged: number;
  readonly unsettled: number;
  readonly waitingJobs: number;
  readonly heldEvents: number;
}

/** Counts the open work of all contexts together. */
export async function outstanding(fleet: Fleet): Promise<Outstanding> {
  const orders = fleet.sql("orders");
  const [open] = await orders`select count(*)::int as n from orders.holon_deliveries where acknowledged_at is null`;
  const [unsettled] = await orders`select count(*)::int as n from orders.holon_outbox where settled_at is null`;
  let [outbox, jobs, held] = [unsettled?.["n"] as number, 0, 0];
  for (const name of SUBSCRIBERS) {
    const sql = fleet.sql(name);
    const [row] = await sql`select
      (select count(*)::int from ${sql(name)}.holon_outbox where settled_at is null) as outbox,
      (select count(*)::int from ${sql(name)}.holon_jobs where state <> 'done') as jobs,
      (select count(*)::int from ${sql(name)}.holon_inbox where state <> 'done') as held`;
    outbox += row?.["outbox"] as number;
    jobs += row?.["jobs"] as number;
    held += row?.["held"] as number;
  }
  return { unacknowledged: open?.["n"] as number, unsettled: outbox, waitingJobs: jobs, heldEvents: held };
}

/** Whether no work is open. Returns true, or the counts. */
export async function isQuiet(fleet: Fleet): Promise<true | Outstanding> {
  const seen = await outstanding(fleet);
  return Object.values(seen).every((count) => count === 0) ? true : seen;
}

/** A comparison of the orders with their effects at one subscriber. */
export interface Account {
  readonly orders: number;
  /** Orders without an effect, and effects without an order. */
  readonly lonely: readonly string[];
  /** Orders with more than one effect. */
  readonly doubled: readonly string[];
  readonly lettersMissing: readonly string[];
  readonly lettersDoubled: readonly string[];
  /** The units that the subscriber counted minus the units that were ordered. */
  readonly unitsOff: number;
  readonly centsOff: number;
  readonly countOff: number;
}

/** An account without faults. */
export function balanced(orders: number): Account {
  return { orders, lonely: [], doubled: [], lettersMissing: [], lettersDoubled: [], unitsOff: 0, centsOff: 0, countOff: 0 };
}

/** The account of one subscriber. Rows are joined here and not in SQL, because the subscriber may have a database of its own. */
export async function accountOf(fleet: Fleet, name: Subscriber): Promise<Account> {
  const sql = fleet.sql(name);
  const ordered = await fleet.sql("orders")<
    { id: string; units: number; cents: number }[]
  >`select id, units, total_cents as cents from orders.orders`;
  const effects = count(await sql<{ id: string }[]>`select order_id as id from ${sql(name)}.effects`);
  const letters = count(await sql<{ id: string }[]>`select order_id as id from ${sql(name)}.letters`);
  const [totals] = await sql<{ orders: number; units: number; cents: number }[]>`select orders, units, cents from ${sql(name)}.totals`;
  const ids = new Set(ordered.map(({ id }) => id));
  const sum = (of: (order: { units: number; cents: number }) => number): number => ordered.reduce((all, order) => all + of(order), 0);
  return {
    orders: ids.size,
    lonely: [...[...ids].filter((id) => !effects.has(id)), ...[...effects.keys()].filter((id) => !ids.has(id))],
    doubled: [...effects].filter(([, times]) => times > 1).map(([id]) => id),
    lettersMissing: [...ids].filter((id) => !letters.has(id)),
    lettersDoubled: [...letters].filter(([, times]) => times > 1).map(([id]) => id),
    unitsOff: (totals?.units ?? 0) - sum(({ units }) => units),
    centsOff: (totals?.cents ?? 0) - sum(({ cents }) => cents),
    countOff: (totals?.orders ?? 0) - ids.size,
  };
}

/** Orders, lines and events of the producer that exist without one of the other two. */
export async function lonelyRows(fleet: Fleet): Promise<readonly unknown[]> {
  return fleet.sql("orders")`
    select o.id as order, e.id as event, l.order_id as lines from orders.orders o
    full join (select distinct order_id from orders.lines) l on l.order_id = o.id
    full join (select payload ->> 'orderId' as id from orders.holon_outbox where name = 'orderPlaced') e on e.id = coalesce(o.id, l.order_id)
    where o.id is null or e.id is null or l.order_id is null`;
}

function count(rows: readonly { readonly id: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { id } of rows) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
