import { asc, eq } from "drizzle-orm";
import type { TransactionOf } from "holon";
import type { z } from "zod";
import type { ReservedLine } from "#contracts/catalog";
import type { catalog } from "./context.ts";
import { addToStock, type StockLine } from "./stock.ts";
import { reservationLines, reservations } from "./tables.ts";

type Tx = TransactionOf<typeof catalog>;
type Reserved = z.output<typeof ReservedLine>;

/**
 * What an attempt to reserve finds. The row of the order is locked from here to the end of the transaction.
 *
 * ```
 *            claim (new attempt)                 claim (same or new attempt: `held`)
 *   (none) ──────────────────────▶ active ◀──┐
 *      │                           │  ▲  └───┘
 *      │ release: tombstone        │  │ claim (new attempt: `free`)
 *      │                   release │  │
 *      └────────────────────────▶ released ── claim (same attempt: `late`, refused)
 * ```
 */
export type Claim = "free" | "held" | "late";

/** Claims the reservation of an order for an attempt. An active one goes over to the attempt, so that an earlier one no longer releases it. */
export async function claimReservation(tx: Tx, orderId: string, attempt: string): Promise<Claim> {
  const added = await tx.db.insert(reservations).values({ orderId, attempt, status: "active" }).onConflictDoNothing().returning();
  if (added.length > 0) return "free";
  const current = await lockReservation(tx, orderId);
  if (current.status === "released" && current.attempt === attempt) return "late";
  await tx.db.update(reservations).set({ attempt, status: "active" }).where(eq(reservations.orderId, orderId));
  if (current.status === "active") return "held";
  await tx.db.delete(reservationLines).where(eq(reservationLines.orderId, orderId));
  return "free";
}

/** The lines of a reservation, in the order of their products' ids. */
export async function linesOfReservation(tx: Tx, orderId: string): Promise<Reserved[]> {
  const rows = await tx.db.select().from(reservationLines).where(eq(reservationLines.orderId, orderId)).orderBy(asc(reservationLines.productId));
  return rows.map(({ orderId: _, ...line }) => line);
}

/** Whether a reservation holds what is asked for. Both are in the order of their products' ids. */
export function holdsLines(reserved: readonly StockLine[], wanted: readonly StockLine[]): boolean {
  return (
    reserved.length === wanted.length &&
    reserved.every(({ productId, quantity }, index) => productId === wanted[index]?.productId && quantity === wanted[index]?.quantity)
  );
}

/**
 * Gives back what an attempt reserved. Shape: whether anything was given back.
 *
 * An attempt that is not known leaves a tombstone: should its reservation come late, it is refused.
 */
export async function releaseReservation(tx: Tx, orderId: string, attempt: string): Promise<boolean> {
  const added = await tx.db.insert(reservations).values({ orderId, attempt, status: "released" }).onConflictDoNothing().returning();
  if (added.length > 0) return false;
  const current = await lockReservation(tx, orderId);
  if (current.status === "active" && current.attempt !== attempt) return false;
  await tx.db.update(reservations).set({ attempt, status: "released" }).where(eq(reservations.orderId, orderId));
  if (current.status === "released") return false;
  for (const line of await linesOfReservation(tx, orderId)) await addToStock(tx, line);
  return true;
}

async function lockReservation(tx: Tx, orderId: string): Promise<typeof reservations.$inferSelect> {
  const [row] = await tx.db.select().from(reservations).where(eq(reservations.orderId, orderId)).for("update");
  // The insert before this met the row, and rows of this table are never deleted.
  return row as typeof reservations.$inferSelect;
}
