import { asc, countDistinct, desc, eq, max, type SQL, sql } from "drizzle-orm";
import type { ReaderOf } from "holon";
import type { z } from "zod";
import type { catalog as catalogContract } from "#contracts/catalog";
import type { catalog } from "./context.ts";
import { products, saleLines, salesState } from "./tables.ts";

type Report = z.output<(typeof catalogContract.procedures.sales.get)["output"]>;

const units = sql`sum(${saleLines.quantity})`.mapWith(Number);
const cents = sql`sum(${saleLines.quantity} * ${saleLines.unitPriceCents})`.mapWith(Number);
const lines = sql`count(*)`.mapWith(Number);
/** Each query contains this subquery, so that it sees one whole generation, also while a rebuild ends. */
const shown = sql`${saleLines.generation} = coalesce((select ${salesState.generation} from ${salesState}), 0)`;

/** Sales by category, and by the `limit` best-selling products; the totals are of all products. */
export async function readSales(ctx: ReaderOf<typeof catalog>, limit: number): Promise<Report> {
  const [totals, categories, byProduct, [state]] = await Promise.all([
    totalsOf(ctx),
    byCategory(ctx),
    soldProducts(ctx, limit),
    ctx.db.select().from(salesState),
  ]);
  return { totals, categories, products: byProduct, isRebuilding: (state?.building ?? null) !== null };
}

async function totalsOf(ctx: ReaderOf<typeof catalog>): Promise<Report["totals"]> {
  const [row] = await ctx.db
    .select({ orders: countDistinct(saleLines.orderId), lines, units: zeroed(units), cents: zeroed(cents) })
    .from(saleLines)
    .where(shown);
  return row ?? { orders: 0, lines: 0, units: 0, cents: 0 };
}

function byCategory(ctx: ReaderOf<typeof catalog>): Promise<Report["categories"]> {
  return ctx.db
    .select({ category: products.category, lines, units, cents })
    .from(saleLines)
    .leftJoin(products, eq(products.id, saleLines.productId))
    .where(shown)
    .groupBy(products.category)
    .orderBy(desc(cents), asc(products.category));
}

function soldProducts(ctx: ReaderOf<typeof catalog>, limit: number): Promise<Report["products"]> {
  const name = sql<string>`coalesce(${max(products.name)}, ${max(saleLines.name)})`;
  return ctx.db
    .select({ productId: saleLines.productId, name, category: max(products.category), lines, units, cents })
    .from(saleLines)
    .leftJoin(products, eq(products.id, saleLines.productId))
    .where(shown)
    .groupBy(saleLines.productId)
    .orderBy(desc(cents), asc(saleLines.productId))
    .limit(limit);
}

function zeroed(sum: SQL<number>): SQL<number> {
  return sql`coalesce(${sum}, 0)`.mapWith(Number);
}
