import { and, asc, desc, eq, gte, ilike, lte, type SQL, sql } from "drizzle-orm";
import type { ReaderOf, TransactionOf } from "holon";
import type { z } from "zod";
import type { catalog as catalogContract, Product, ProductSort } from "#contracts/catalog";
import { containing } from "../../like-pattern.ts";
import { staleRow } from "../../stale-row.ts";
import type { catalog } from "./context.ts";
import { categories, type ProductRow, products } from "./tables.ts";

type ListInput = z.output<(typeof catalogContract.procedures.products.list)["input"]>;
type Facts = Partial<Pick<ProductRow, "name" | "category" | "quantityPerUnit" | "priceCents" | "discontinued">>;

const ORDER_BY: Readonly<Record<z.output<typeof ProductSort>, readonly SQL[]>> = {
  name_asc: [asc(products.name), asc(products.id)],
  name_desc: [desc(products.name), desc(products.id)],
  price_asc: [asc(products.priceCents), asc(products.id)],
  price_desc: [desc(products.priceCents), desc(products.id)],
};

/** A row as the contract shows it. */
export function toProduct({ createdAt, ...product }: ProductRow): Product {
  return { ...product, createdAt: createdAt.toISOString() };
}

/** The product with an id. */
export async function productById(ctx: ReaderOf<typeof catalog>, id: string): Promise<ProductRow | undefined> {
  const query = ctx.prepared("productById", (db) => db.query.products.findFirst({ where: eq(products.id, sql.placeholder("id")) }));
  return query.execute({ id });
}

/** One page of the products that a filter lets through, and how many it lets through in all. */
export async function listProducts(ctx: ReaderOf<typeof catalog>, input: ListInput): Promise<{ items: Product[]; total: number }> {
  const where = and(
    input.category === undefined ? undefined : eq(products.category, input.category),
    input.search === undefined ? undefined : ilike(products.name, containing(input.search)),
    input.minPriceCents === undefined ? undefined : gte(products.priceCents, input.minPriceCents),
    input.maxPriceCents === undefined ? undefined : lte(products.priceCents, input.maxPriceCents),
    input.discontinued === undefined ? undefined : eq(products.discontinued, input.discontinued),
  );
  const [rows, total] = await Promise.all([
    ctx.db.query.products.findMany({ where, orderBy: [...ORDER_BY[input.sort]], limit: input.limit, offset: (input.page - 1) * input.limit }),
    ctx.db.$count(products, where),
  ]);
  return { items: rows.map(toProduct), total };
}

/** Whether there is a category of this name. */
export async function isCategory(tx: TransactionOf<typeof catalog>, name: string): Promise<boolean> {
  const rows = await tx.db.select().from(categories).where(eq(categories.name, name));
  return rows.length > 0;
}

/** Edits a product whose version is known. Errors: NOT_FOUND; CONFLICT with the version of now. */
export async function editProduct(tx: TransactionOf<typeof catalog>, id: string, version: number, facts: Facts): Promise<Product> {
  const [row] = await tx.db
    .update(products)
    .set({ ...facts, version: version + 1 })
    .where(and(eq(products.id, id), eq(products.version, version)))
    .returning();
  if (row === undefined) throw staleRow("product", await currentVersion(tx, id));
  return toProduct(row);
}

/** Removes a product whose version is known. Errors: NOT_FOUND, CONFLICT. */
export async function removeProduct(tx: TransactionOf<typeof catalog>, id: string, version: number): Promise<void> {
  const removed = await tx.db
    .delete(products)
    .where(and(eq(products.id, id), eq(products.version, version)))
    .returning({ id: products.id });
  if (removed.length === 0) throw staleRow("product", await currentVersion(tx, id));
}

async function currentVersion(tx: TransactionOf<typeof catalog>, id: string): Promise<{ version: number } | undefined> {
  const [row] = await tx.db.select({ version: products.version }).from(products).where(eq(products.id, id));
  return row;
}
