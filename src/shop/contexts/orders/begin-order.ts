import { catalogueError, type TransactionOf } from "holon";
import type { Order } from "#contracts/orders";
import type { orders } from "./context.ts";
import { insertOrder, lockOrder, type Placing, toOrder } from "./order-record.ts";
import type { OrderRow } from "./tables.ts";

type Tx = TransactionOf<typeof orders>;

/**
 * Writes a pending order and starts its placing, in one transaction.
 *
 * Errors: CONFLICT if an order with this id exists that was placed with other values.
 */
export async function beginOrder(tx: Tx, placing: Placing): Promise<Order> {
  const { orderId, customerId, lines } = placing;
  const order = await insertOrder(tx, placing);
  if (order === undefined) return answerAgain(await lockOrder(tx, orderId), placing);
  await tx.emit("orderPlaced", { orderId, customerId, version: order.version });
  await tx.start("placeOrder", { orderId, customerId, lines }, { key: orderId });
  return toOrder(order);
}

/** The answer to a repeated request after the record of its idempotency key has expired: the order that the first request placed. */
function answerAgain(known: OrderRow | undefined, { customerId, lines }: Placing): Order {
  const quantities = new Map(lines.map((line) => [line.productId, line.quantity]));
  const isSame = known?.customerId === customerId && known.lines.length === lines.length;
  if (!isSame || !known.lines.every((line) => quantities.get(line.productId) === line.quantity)) {
    throw catalogueError("CONFLICT", "The key was used before for another order.");
  }
  return toOrder(known);
}
