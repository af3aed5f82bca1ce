import { and, eq, gte, sql } from "drizzle-orm";
import type { TransactionOf } from "holon";
import type { catalog } from "./context.ts";
import { type ProductRow, products } from "./tables.ts";

type Tx = TransactionOf<typeof catalog>;

/** A product and how many pieces of it. */
export interface StockLine {
  readonly productId: string;
  readonly quantity: number;
}

/** The lines in the order in which stock is locked. It is always the same, so two orders of the same products cannot deadlock. */
export function inLockOrder<Line extends StockLine>(lines: readonly Line[]): Line[] {
  return [...lines].sort((a, b) => (a.productId < b.productId ? -1 : 1));
}

/** Takes a line from the stock. Shape: the product as it was sold; undefined if there is not enough stock, or no such product. */
export async function takeFromStock(tx: Tx, { productId, quantity }: StockLine): Promise<Pick<ProductRow, "name" | "priceCents"> | undefined> {
  const [taken] = await tx.db
    .update(products)
    .set({ stock: sql`${products.stock} - ${quantity}` })
    .where(and(eq(products.id, productId), gte(products.stock, quantity)))
    .returning({ name: products.name, priceCents: products.priceCents });
  return taken;
}

/** Adds a line to the stock. Shape: false if the product no longer exists. */
export async function addToStock(tx: Tx, { productId, quantity }: StockLine): Promise<boolean> {
  const added = await tx.db
    .update(products)
    .set({ stock: sql`${products.stock} + ${quantity}` })
    .where(eq(products.id, productId))
    .returning({ id: products.id });
  return added.length > 0;
}

/** How many pieces are in stock; undefined if the product does not exist. */
export async function availableOf(tx: Tx, productId: string): Promise<number | undefined> {
  const [row] = await tx.db.select({ stock: products.stock }).from(products).where(eq(products.id, productId));
  return row?.stock;
}
