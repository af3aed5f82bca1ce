import { and, asc, desc, eq, gte, ilike, lte, sql } from "drizzle-orm";
import type { ReaderOf, TransactionOf } from "holon";
import type { z } from "zod";
import { type catalog as catalogContract, type Product, ProductCursor, type ProductSort } from "#contracts/catalog";
import { containing } from "../../like-pattern.ts";
import { staleRow } from "../../stale-row.ts";
import type { catalog } from "./context.ts";
import { categories, type ProductRow, products } from "./tables.ts";

type ListInput = z.output<(typeof catalogContract.procedures.products.list)["input"]>;
type Facts = Partial<Pick<ProductRow, "name" | "category" | "quantityPerUnit" | "priceCents" | "discontinued">>;

type ProductPage = z.output<(typeof catalogContract.procedures.products.list)["output"]>;
type Place = Parameters<typeof ProductCursor.write>[0];
type Sort = z.output<typeof ProductSort>;

/** The column and direction of each sort order. Rows with equal values are sorted by id, in the same direction. */
const ORDERS = {
  name_asc: { column: products.name, direction: asc, behind: sql.raw(">") },
  name_desc: { column: products.name, direction: desc, behind: sql.raw("<") },
  price_asc: { column: products.priceCents, direction: asc, behind: sql.raw(">") },
  price_desc: { column: products.priceCents, direction: desc, behind: sql.raw("<") },
} as const satisfies Readonly<Record<Sort, object>>;

function placeOf({ id, name, priceCents }: ProductRow, sort: Sort, page: number): Place {
  return sort === "name_asc" || sort === "name_desc" ? { sort, key: name, id, page } : { sort, key: priceCents, id, page };
}

/** Converts a row to the contract's form. */
export function toProduct({ createdAt, ...product }: ProductRow): Product {
  return { ...product, createdAt: createdAt.toISOString() };
}

/** The product with an id. */
export async function productById(ctx: ReaderOf<typeof catalog>, id: string): Promise<ProductRow | undefined> {
  const query = ctx.prepared("productById", (db) => db.query.products.findFirst({ where: eq(products.id, sql.placeholder("id")) }));
  return query.execute({ id });
}

/** One page of the products that match a filter, how many match in all, and where the next page begins. */
export async function listProducts(ctx: ReaderOf<typeof catalog>, input: ListInput): Promise<ProductPage> {
  const { column, direction, behind } = ORDERS[input.sort];
  const place = input.cursor === undefined ? undefined : ProductCursor.read(input.cursor);
  const { page = input.page } = place ?? {};
  const where = and(
    input.category === undefined ? undefined : eq(products.category, input.category),
    input.search === undefined ? undefined : ilike(products.name, containing(input.search)),
    input.minPriceCents === undefined ? undefined : gte(products.priceCents, input.minPriceCents),
    input.maxPriceCents === undefined ? undefined : lte(products.priceCents, input.maxPriceCents),
    input.discontinued === undefined ? undefined : eq(products.discontinued, input.discontinued),
  );
  const [rows, total] = await Promise.all([
    ctx.db.query.products.findMany({
      where: place === undefined ? where : and(where, sql`(${column}, ${products.id}) ${behind} (${place.key}, ${place.id})`),
      orderBy: [direction(column), direction(products.id)],
      limit: input.limit + 1,
      offset: place === undefined ? (input.page - 1) * input.limit : 0,
    }),
    ctx.db.$count(products, where),
  ]);
  const items = rows.slice(0, input.limit);
  const last = rows.length > input.limit ? items.at(-1) : undefined;
  const next = last === undefined ? null : ProductCursor.write(placeOf(last, input.sort, page + 1));
  return { items: items.map(toProduct), page, limit: input.limit, total, next };
}

/** Whether a category of this name exists. */
export async function isCategory(tx: TransactionOf<typeof catalog>, name: string): Promise<boolean> {
  const rows = await tx.db.select().from(categories).where(eq(categories.name, name));
  return rows.length > 0;
}

/** Edits a product if `version` is its current version. Errors: NOT_FOUND; CONFLICT with the current version. */
export async function editProduct(tx: TransactionOf<typeof catalog>, id: string, version: number, facts: Facts): Promise<Product> {
  const [row] = await tx.db
    .update(products)
    .set({ ...facts, version: version + 1 })
    .where(and(eq(products.id, id), eq(products.version, version)))
    .returning();
  if (row === undefined) throw staleRow("product", await currentVersion(tx, id));
  return toProduct(row);
}

/** Removes a product if `version` is its current version. Errors: NOT_FOUND, CONFLICT. */
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
