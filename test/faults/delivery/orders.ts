import { boolean, integer, pgSchema, text } from "drizzle-orm/pg-core";
import { defineContext, outsideEffect, type TransactionOf } from "holon";
import { point } from "../crash-points.ts";
import { orders as contract, type Move, type Order } from "./contracts.ts";

const schema = pgSchema("orders");
const orders = schema.table("orders", { id: text().primaryKey(), totalCents: integer("total_cents").notNull(), units: integer().notNull() });
const lines = schema.table("lines", {
  orderId: text("order_id").notNull(),
  number: integer().notNull(),
  sku: text().notNull(),
  quantity: integer().notNull(),
  priceCents: integer("price_cents").notNull(),
});
const moves = schema.table("moves", { key: text().notNull(), n: integer().notNull(), held: boolean().notNull() });

const context = defineContext(contract, { tables: { orders, lines, moves } });

/** Writes an order with its lines and its event. Only the order's id keeps it from being written twice. The process may die at each `point`. */
async function write(tx: TransactionOf<typeof context>, order: Order): Promise<{ readonly id: string; readonly totalCents: number }> {
  const { id } = order;
  const totalCents = order.lines.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);
  const units = order.lines.reduce((sum, { quantity }) => sum + quantity, 0);
  await tx.db.insert(orders).values({ id, totalCents, units });
  await point("order-written");
  await tx.db.insert(lines).values(order.lines.map((line, number) => ({ orderId: id, number, ...line })));
  await point("lines-written");
  await tx.emit("orderPlaced", { orderId: id, units, totalCents });
  await point("event-emitted");
  return { id, totalCents };
}

async function move(tx: TransactionOf<typeof context>, input: Move): Promise<void> {
  await tx.db.insert(moves).values(input);
  await tx.emit("moved", { key: input.key, n: input.n });
}

/** The context that the others subscribe to. */
export const ordersModule = context.implement({
  procedures: context.procedures({
    place: ({ input, tx }) => write(tx, input),
    placeOutside: outsideEffect(({ input, ctx }) => ctx.transaction((tx) => write(tx, input))),
    async placeByHand({ input, ctx }) {
      await point("before-transaction");
      const placed = await ctx.transaction((tx) => write(tx, input));
      await point("committed");
      return placed;
    },
    move: ({ input, tx }) => move(tx, input),
    moveByHand: ({ input, ctx }) => ctx.transaction((tx) => move(tx, input)),
  }),
});
