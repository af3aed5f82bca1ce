import { catalogueError, type TransactionOf } from "holon";
import type { DeclineReason } from "#contracts/orders";
import type { orders } from "./context.ts";
import { lockOrder, type PricedLine, setStatus, writePrices } from "./order-record.ts";
import { mayBecome } from "./order-status.ts";
import { totalCentsOf } from "./pricing.ts";

type Tx = TransactionOf<typeof orders>;

/** Confirms an order at the prices of its reservation. Errors: CONFLICT if the order does not exist, or if its placing was given up before. */
export async function confirm(tx: Tx, orderId: string, lines: readonly PricedLine[]): Promise<void> {
  const order = await lockOrder(tx, orderId);
  if (order === undefined || !mayBecome(order.status, "confirmed")) throw catalogueError("CONFLICT", "The placing of this order was given up.");
  const totalCents = totalCentsOf(lines);
  await writePrices(tx, orderId, lines);
  const { customerId, version } = await setStatus(tx, order, "confirmed", { totalCents });
  await tx.emit("orderConfirmed", { orderId, customerId, version, totalCents, lines: [...lines] });
}

/** Writes why an order is declined, before money and stock are given back. */
export async function declining(tx: Tx, orderId: string, reason: DeclineReason): Promise<void> {
  const order = await lockOrder(tx, orderId);
  if (order !== undefined && mayBecome(order.status, "declining")) await setStatus(tx, order, "declining", { reason });
}

/** Marks an order as declined, after money and stock are given back. */
export async function declined(tx: Tx, orderId: string): Promise<void> {
  const order = await lockOrder(tx, orderId);
  if (order === undefined || !mayBecome(order.status, "declined")) return;
  const reason = order.reason ?? { code: "FAILED" as const, message: "The order could not be placed." };
  const { customerId, version } = await setStatus(tx, order, "declined", { reason });
  await tx.emit("orderDeclined", { orderId, customerId, version, reason });
}

/** Marks an order as cancelled, after money and stock are given back. */
export async function cancelled(tx: Tx, orderId: string): Promise<void> {
  const order = await lockOrder(tx, orderId);
  if (order === undefined || !mayBecome(order.status, "cancelled")) return;
  const { customerId, version, totalCents } = await setStatus(tx, order, "cancelled");
  await tx.emit("orderCancelled", { orderId, customerId, version, totalCents: totalCents ?? 0 });
}
