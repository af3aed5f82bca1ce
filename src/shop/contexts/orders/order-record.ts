import { and, asc, count, countDistinct, desc, eq, gte, lte, notInArray, type SQL, sql } from "drizzle-orm";
import type { ReaderOf, TransactionOf } from "holon";
import type { z } from "zod";
import type { Order, orders as ordersContract } from "#contracts/orders";
import type { orders as ordersContext } from "./context.ts";
import { type OrderRow, orderLines, orders } from "./tables.ts";

type Reader = ReaderOf<typeof ordersContext>;
type Tx = TransactionOf<typeof ordersContext>;
type ListInput = z.output<(typeof ordersContract.procedures.list)["input"]>;

/** An order that is about to be written. */
export interface NewOrder {
  readonly id: string;
  readonly customerId: string;
  /** Today, in UTC, where none is given. */
  readonly orderedOn: string | undefined;
  readonly totalCents: number;
  readonly attempt: string;
  readonly lines: Order["lines"];
}

/** A row as the contract shows it. */
export function toOrder({ attempt: _, createdAt, lines, ...order }: OrderRow): Order {
  return { ...order, createdAt: createdAt.toISOString(), lines: lines.map(({ orderId: _id, ...line }) => line) };
}

/** The order with an id. */
export async function orderById(ctx: Reader, id: string): Promise<OrderRow | undefined> {
  const query = ctx.prepared("orderById", (db) =>
    db.query.orders.findFirst({ where: eq(orders.id, sql.placeholder("id")), with: { lines: { orderBy: [asc(orderLines.productId)] } } }),
  );
  return query.execute({ id });
}

/** The order with an id, locked until the transaction ends. */
export async function lockOrder(tx: Tx, id: string): Promise<OrderRow | undefined> {
  const [order] = await tx.db.select().from(orders).where(eq(orders.id, id)).for("update");
  if (order === undefined) return undefined;
  const lines = await tx.db.select().from(orderLines).where(eq(orderLines.orderId, id)).orderBy(asc(orderLines.productId));
  return { ...order, lines };
}

/** Moves a locked order to another status. */
export async function setStatus(tx: Tx, order: OrderRow, status: OrderRow["status"]): Promise<OrderRow> {
  const version = order.version + 1;
  await tx.db.update(orders).set({ status, version }).where(eq(orders.id, order.id));
  return { ...order, status, version };
}

/** Writes a confirmed order with its lines. */
export async function insertOrder(tx: Tx, { lines, orderedOn, ...order }: NewOrder): Promise<OrderRow> {
  const day = orderedOn ?? sql`(now() at time zone 'utc')::date`;
  const [row] = await tx.db
    .insert(orders)
    .values({ ...order, orderedOn: day, status: "confirmed" })
    .returning();
  const lineRows = await tx.db
    .insert(orderLines)
    .values(lines.map((line) => ({ orderId: order.id, ...line })))
    .returning();
  return { ...(row as typeof orders.$inferSelect), lines: lineRows };
}

/** One page of orders, the newest first, and how many there are in all. */
export async function listOrders(ctx: Reader, input: ListInput): Promise<{ items: Order[]; total: number }> {
  const where = and(
    input.customerId === undefined ? undefined : eq(orders.customerId, input.customerId),
    input.status === undefined ? undefined : eq(orders.status, input.status),
    ...betweenDays(input.from, input.to),
  );
  const [rows, total] = await Promise.all([
    ctx.db.query.orders.findMany({
      where,
      with: { lines: { orderBy: [asc(orderLines.productId)] } },
      orderBy: [desc(orders.orderedOn), asc(orders.id)],
      limit: input.limit,
      offset: (input.page - 1) * input.limit,
    }),
    ctx.db.$count(orders, where),
  ]);
  return { items: rows.map(toOrder), total };
}

/** What the orders of a time that are not cancelled come to. Units: cents, and pieces in `units`. */
export async function totalsOf(
  ctx: Reader,
  from: string | undefined,
  to: string | undefined,
): Promise<{ orders: number; lines: number; units: number; cents: number }> {
  const [totals] = await ctx.db
    .select({
      orders: countDistinct(orders.id),
      lines: count(orderLines.productId),
      units: sql`coalesce(sum(${orderLines.quantity}), 0)`.mapWith(Number),
      cents: sql`coalesce(sum(${orderLines.quantity} * ${orderLines.unitPriceCents}), 0)`.mapWith(Number),
    })
    .from(orders)
    .innerJoin(orderLines, eq(orderLines.orderId, orders.id))
    .where(and(notInArray(orders.status, ["cancelling", "cancelled"]), ...betweenDays(from, to)));
  return totals ?? { orders: 0, lines: 0, units: 0, cents: 0 };
}

function betweenDays(from: string | undefined, to: string | undefined): (SQL | undefined)[] {
  return [from === undefined ? undefined : gte(orders.orderedOn, from), to === undefined ? undefined : lte(orders.orderedOn, to)];
}
