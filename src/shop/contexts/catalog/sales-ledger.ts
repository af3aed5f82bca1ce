import { eq, inArray, lt, ne, sql } from "drizzle-orm";
import type { TransactionOf } from "holon";
import type { Sale } from "#contracts/catalog";
import type { catalog } from "./context.ts";
import { type SalesStateRow, saleLines, sales, salesState } from "./tables.ts";

/*
 * The read model of sales. It keeps the last known state of each order: the one with the highest version. So states may come in any order and
 * any number of times, by event or by page, and the result is the same.
 *
 * A rebuild fills a second generation of the rows while the first is shown. From the start of the rebuild on, each event is written to both
 * generations. If the handler of an event did not see the rebuild, the event was emitted before the rebuild began. The pages of the rebuild are read
 * later than that, so they contain the change.
 */

type Tx = TransactionOf<typeof catalog>;

const ONE_ROW = 1;

/** Takes over the state of an order: with its lines if it was confirmed, without lines if it was cancelled. */
export async function followSale(tx: Tx, sale: Sale): Promise<void> {
  const { generation, building } = await stateOf(tx);
  // First the new generation is written and then the shown one, as the last page of a rebuild does. With another order, the two could deadlock.
  if (building !== null) await writeSales(tx, building, [sale]);
  await writeSales(tx, generation, [sale]);
}

/** Begins a rebuild. Shape: its number, which is the generation that it fills. A rebuild that is already running is superseded. */
export async function beginRebuild(tx: Tx): Promise<number> {
  await tx.db.insert(salesState).values({ id: ONE_ROW }).onConflictDoNothing();
  const [row] = await tx.db.select().from(salesState).where(eq(salesState.id, ONE_ROW)).for("update");
  const rebuild = Math.max(row?.generation ?? 0, row?.building ?? 0) + 1;
  await tx.db.update(salesState).set({ building: rebuild }).where(eq(salesState.id, ONE_ROW));
  return rebuild;
}

/**
 * Takes a page of a rebuild. The last page makes the new generation the shown one. Shape: false if another rebuild superseded this rebuild, or if this rebuild
 * has ended before.
 */
export async function takePage(tx: Tx, rebuild: number, page: readonly Sale[], isLast: boolean): Promise<boolean> {
  const [row] = await tx.db.select().from(salesState).where(eq(salesState.id, ONE_ROW)).for("update");
  if (row?.building !== rebuild) return false;
  await writeSales(tx, rebuild, page);
  if (!isLast) return true;
  await tx.db.update(salesState).set({ generation: rebuild, building: null }).where(eq(salesState.id, ONE_ROW));
  await tx.db.delete(sales).where(ne(sales.generation, rebuild));
  return true;
}

async function stateOf(tx: Tx): Promise<Pick<SalesStateRow, "generation" | "building">> {
  const [row] = await tx.db.select().from(salesState).where(eq(salesState.id, ONE_ROW));
  return row ?? { generation: 0, building: null };
}

/** Writes the states that are newer than the known ones, and replaces all lines of each such order. */
async function writeSales(tx: Tx, generation: number, page: readonly Sale[]): Promise<void> {
  if (page.length === 0) return;
  const rows = page.map(({ orderId, version }) => ({ generation, orderId, version }));
  const later = await tx.db
    .insert(sales)
    .values(rows)
    .onConflictDoUpdate({
      target: [sales.generation, sales.orderId],
      set: { version: sql`excluded.version` },
      setWhere: lt(sales.version, sql`excluded.version`),
    })
    .returning({ orderId: sales.orderId });
  const ids = new Set(later.map(({ orderId }) => orderId));
  if (ids.size === 0) return;
  await tx.db.delete(saleLines).where(sql`${eq(saleLines.generation, generation)} and ${inArray(saleLines.orderId, [...ids])}`);
  const lines = page
    .filter(({ orderId }) => ids.has(orderId))
    .flatMap(({ orderId, lines }) => lines.map((line) => ({ generation, orderId, ...line })));
  if (lines.length > 0) await tx.db.insert(saleLines).values(lines);
}
