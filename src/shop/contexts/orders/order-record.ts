import { and, asc, desc, eq, gt, inArray, lt, or, sql } from "drizzle-orm";
import type { ReaderOf, TransactionOf } from "holon";
import type { z } from "zod";
import type { Lines, Sale } from "#contracts/catalog";
import { type Order, type OrderChange, OrderCursor, type orders as ordersContract } from "#contracts/orders";
import type { orders as ordersContext } from "./context.ts";
import { SOLD } from "./order-status.ts";
import { betweenDays } from "./order-totals.ts";
import { type OrderLineRow, type OrderRow, orderLines, orders } from "./tables.ts";

type Reader = ReaderOf<typeof ordersContext>;
type Tx = TransactionOf<typeof ordersContext>;
type OrderPage = z.output<(typeof ordersContract.procedures.list)["output"]>;
type ListInput = z.output<(typeof ordersContract.procedures.list)["input"]>;

/** A request to place an order. */
export interface Placing {
  /** A repeated request has the same id, so that it finds the order that it placed before. */
  readonly orderId: string;
  readonly customerId: string;
  /** If undefined, today in UTC. */
  readonly orderedOn?: string | undefined;
  readonly lines: z.output<typeof Lines>;
}

/** A line with the name and the price at the time of the order. */
export interface PricedLine {
  readonly productId: string;
  readonly quantity: number;
  readonly name: string;
  readonly unitPriceCents: number;
}

/** Converts a row to the contract's form. */
export function toOrder({ createdAt, lines, ...order }: OrderRow): Order {
  return { ...order, createdAt: createdAt.toISOString(), lines: lines.map(({ orderId: _id, ...line }) => line) };
}

/** The status of an order, in the form that subscribers get. */
export function toChange({ id, status, reason, version }: Pick<OrderRow, "id" | "status" | "reason" | "version">): OrderChange {
  return { orderId: id, status, reason, version };
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
export async function setStatus(
  tx: Tx,
  order: OrderRow,
  status: OrderRow["status"],
  facts: Partial<Pick<OrderRow, "reason" | "totalCents">> = {},
): Promise<OrderRow> {
  const changes = { ...facts, status, version: order.version + 1 };
  await tx.db.update(orders).set(changes).where(eq(orders.id, order.id));
  const changed = { ...order, ...changes };
  await tx.emit("orderChanged", toChange(changed));
  return changed;
}

/** Writes a pending order with its lines. Shape: undefined if an order with this id exists. */
export async function insertOrder(tx: Tx, { orderId: id, customerId, orderedOn, lines }: Placing): Promise<OrderRow | undefined> {
  const [row] = await tx.db
    .insert(orders)
    .values({ id, customerId, orderedOn: orderedOn ?? sql`(now() at time zone 'utc')::date`, status: "pending" })
    .onConflictDoNothing()
    .returning();
  if (row === undefined) return undefined;
  const lineRows = await tx.db
    .insert(orderLines)
    .values(lines.map((line) => ({ orderId: id, ...line })))
    .returning();
  await tx.emit("orderChanged", toChange(row));
  return { ...row, lines: lineRows };
}

/** Writes names and prices to the lines of an order. */
export async function writePrices(tx: Tx, orderId: string, lines: readonly PricedLine[]): Promise<void> {
  const set = { name: sql`excluded.name`, unitPriceCents: sql`excluded.unit_price_cents` };
  await tx.db
    .insert(orderLines)
    .values(lines.map((line) => ({ orderId, ...line })))
    .onConflictDoUpdate({ target: [orderLines.orderId, orderLines.productId], set });
}

/** One page of orders, the newest first, how many there are in all, and where the next page begins. */
export async function listOrders(ctx: Reader, input: ListInput): Promise<OrderPage> {
  const place = input.cursor === undefined ? undefined : OrderCursor.read(input.cursor);
  const { page = input.page } = place ?? {};
  const where = and(
    input.customerId === undefined ? undefined : eq(orders.customerId, input.customerId),
    input.status === undefined ? undefined : eq(orders.status, input.status),
    ...betweenDays(input.from, input.to),
  );
  const behind =
    place === undefined ? undefined : or(lt(orders.orderedOn, place.orderedOn), and(eq(orders.orderedOn, place.orderedOn), gt(orders.id, place.id)));
  const [rows, total] = await Promise.all([
    ctx.db.query.orders.findMany({
      where: and(where, behind),
      with: { lines: { orderBy: [asc(orderLines.productId)] } },
      orderBy: [desc(orders.orderedOn), asc(orders.id)],
      limit: input.limit + 1,
      offset: place === undefined ? (input.page - 1) * input.limit : 0,
    }),
    ctx.db.$count(orders, where),
  ]);
  const items = rows.slice(0, input.limit);
  const last = rows.length > input.limit ? items.at(-1) : undefined;
  const next = last === undefined ? null : OrderCursor.write({ orderedOn: last.orderedOn, id: last.id, page: page + 1 });
  return { items: items.map(toOrder), page, limit: input.limit, total, next };
}

/** Sold orders sorted by id, after a given id. */
export async function soldOrdersAfter(ctx: Reader, afterId: string | undefined, limit: number): Promise<Sale[]> {
  const rows = await ctx.db.query.orders.findMany({
    where: and(inArray(orders.status, SOLD), afterId === undefined ? undefined : gt(orders.id, afterId)),
    with: { lines: true },
    orderBy: [asc(orders.id)],
    limit,
  });
  return rows.map(({ id, version, lines }) => ({ orderId: id, version, lines: lines.map(toSoldLine) }));
}

/** A sold order always has prices: they are written when it is confirmed. */
function toSoldLine({ productId, quantity, name, unitPriceCents }: OrderLineRow): Sale["lines"][number] {
  return { productId, quantity, name: name ?? "", unitPriceCents: unitPriceCents ?? 0 };
}
