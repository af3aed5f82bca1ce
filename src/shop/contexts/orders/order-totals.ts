import { and, asc, count, countDistinct, eq, gte, inArray, lte, type SQL, sql } from "drizzle-orm";
import type { ReaderOf } from "holon";
import type { OrderStatus } from "#contracts/orders";
import type { orders as ordersContext } from "./context.ts";
import { SOLD } from "./order-status.ts";
import { orderLines, orders } from "./tables.ts";

type Reader = ReaderOf<typeof ordersContext>;

/** Totals of the sold orders of a period. Units: cents; `units` counts pieces. */
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
    .where(and(inArray(orders.status, SOLD), ...betweenDays(from, to)));
  return totals ?? { orders: 0, lines: 0, units: 0, cents: 0 };
}

/** How many orders of a period have each status. */
export function countsByStatus(ctx: Reader, from: string | undefined, to: string | undefined): Promise<{ status: OrderStatus; orders: number }[]> {
  return ctx.db
    .select({ status: orders.status, orders: count() })
    .from(orders)
    .where(and(...betweenDays(from, to)))
    .groupBy(orders.status)
    .orderBy(asc(orders.status));
}

/** The SQL condition that an order is within a period. */
export function betweenDays(from: string | undefined, to: string | undefined): (SQL | undefined)[] {
  return [from === undefined ? undefined : gte(orders.orderedOn, from), to === undefined ? undefined : lte(orders.orderedOn, to)];
}
