import { and, asc, eq, lt, sql } from "drizzle-orm";
import type { TransactionOf } from "holon";
import type { z } from "zod";
import type { ReservedLine } from "#contracts/catalog";
import type { catalog } from "./context.ts";
import { addToStock, type StockLine } from "./stock.ts";
import { reservationLines, reservations } from "./tables.ts";

type Tx = TransactionOf<typeof catalog>;
type Reserved = z.output<typeof ReservedLine>;

/**
 * The state in which the reservation of an order was found. Its row is locked from then to the end of the transaction.
 *
 * ```
 *   (none) ──claim──▶ active ──markSold──▶ sold
 *      │                │                   │
 *      │ release:       │ release           │ release: the order was cancelled
 *      │ tombstone      ▼                   │
 *      └───────────▶ released ◀─────────────┘
 * ```
 */
export type Claim = "free" | "held" | "released";

/** Claims the reservation of an order. `free`: the reservation is new, and the caller must write its lines. */
export async function claimReservation(tx: Tx, orderId: string): Promise<Claim> {
  const added = await tx.db.insert(reservations).values({ orderId, status: "active" }).onConflictDoNothing().returning();
  if (added.length > 0) return "free";
  return (await lockReservation(tx, orderId)).status === "released" ? "released" : "held";
}

/** The lines of a reservation, sorted by product id. */
export async function linesOfReservation(tx: Tx, orderId: string): Promise<Reserved[]> {
  const rows = await tx.db.select().from(reservationLines).where(eq(reservationLines.orderId, orderId)).orderBy(asc(reservationLines.productId));
  return rows.map(({ orderId: _, ...line }) => line);
}

/** Whether a reservation has exactly the wanted lines. Both lists must be sorted by product id. */
export function holdsLines(reserved: readonly StockLine[], wanted: readonly StockLine[]): boolean {
  return (
    reserved.length === wanted.length &&
    reserved.every(({ productId, quantity }, index) => productId === wanted[index]?.productId && quantity === wanted[index]?.quantity)
  );
}

/**
 * Gives back what an order reserved or bought. Shape: whether anything was given back.
 *
 * If the order has no reservation, a tombstone is written: a row with the status `released`, which refuses a reservation that comes later.
 */
export async function releaseReservation(tx: Tx, orderId: string): Promise<boolean> {
  const added = await tx.db.insert(reservations).values({ orderId, status: "released" }).onConflictDoNothing().returning();
  if (added.length > 0) return false;
  const current = await lockReservation(tx, orderId);
  if (current.status === "released") return false;
  await tx.db.update(reservations).set({ status: "released" }).where(eq(reservations.orderId, orderId));
  for (const line of await linesOfReservation(tx, orderId)) await addToStock(tx, line);
  return true;
}

/** Writes that the order was confirmed, so that the catalog no longer asks about its stock. */
export async function markSold(tx: Tx, orderId: string): Promise<void> {
  await tx.db
    .update(reservations)
    .set({ status: "sold" })
    .where(and(eq(reservations.orderId, orderId), eq(reservations.status, "active")));
}

/** Orders whose stock has been reserved for more than `minutes` minutes, the oldest first. */
export async function heldLong(tx: Tx, minutes: number, limit: number): Promise<string[]> {
  const rows = await tx.db
    .select({ orderId: reservations.orderId })
    .from(reservations)
    .where(and(eq(reservations.status, "active"), lt(reservations.createdAt, sql`now() - make_interval(mins => ${minutes})`)))
    .orderBy(asc(reservations.createdAt))
    .limit(limit);
  return rows.map(({ orderId }) => orderId);
}

async function lockReservation(tx: Tx, orderId: string): Promise<typeof reservations.$inferSelect> {
  const [row] = await tx.db.select().from(reservations).where(eq(reservations.orderId, orderId)).for("update");
  // The row exists: the insert of the caller conflicted with it, and rows of this table are never deleted.
  return row as typeof reservations.$inferSelect;
}
