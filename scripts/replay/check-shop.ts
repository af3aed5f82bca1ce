import type { Client } from "holon/client";
import type { contracts } from "#contracts";
import { type Check, numberCheck } from "./checks.ts";
import { type WaitForOptions, waitFor } from "./wait-for.ts";

/** The options of {@link checkShop}. */
export interface ShopCheckOptions extends WaitForOptions {
  readonly client: Client<typeof contracts>;
  /** The pieces in stock, and the pieces sold, before the orders were placed. */
  readonly before: StockAndSales;
}

/** Pieces in stock, and pieces that were sold. */
export interface StockAndSales {
  readonly stock: number;
  readonly sold: number;
}

const PAGE = 100;

/** Reads how many pieces are in stock, and how many were sold. */
export async function readStockAndSales(client: Client<typeof contracts>): Promise<StockAndSales> {
  let stock = 0;
  for (let page = 1, seen = 0; ; page++) {
    const { items, total } = await client.catalog.products.list.query({ page, limit: PAGE });
    stock += items.reduce((sum, product) => sum + product.stock, 0);
    seen += items.length;
    if (items.length === 0 || seen >= total) break;
  }
  return { stock, sold: (await client.orders.totals.query({})).units };
}

/**
 * Checks the invariants over all orders of the shop: each piece is in stock or sold, the charged money is the money of the sold orders, and the read
 * model of sales agrees with the orders.
 */
export async function checkShop({ client, before, ...patience }: ShopCheckOptions): Promise<Check[]> {
  const totals = await client.orders.totals.query({});
  const { stock } = await readStockAndSales(client);
  const charged = await waitFor(
    async () => (await client.payments.totals.query()).statuses.find(({ status }) => status === "approved")?.cents ?? 0,
    (cents) => cents === totals.cents,
    patience,
  );
  const sales = await waitFor(
    async () => (await client.catalog.sales.get.query({ limit: 1 })).totals,
    (seen) => seen.cents === totals.cents && seen.units === totals.units && seen.lines === totals.lines,
    patience,
  );
  return [
    numberCheck("pieces in stock and sold", stock + totals.units, before.stock + before.sold),
    numberCheck("money charged", charged, totals.cents, " cents"),
    numberCheck("read model: total", sales.cents, totals.cents, " cents"),
    numberCheck("read model: units", sales.units, totals.units),
    numberCheck("read model: lines", sales.lines, totals.lines),
  ];
}
