import type { Client } from "holon/client";
import type { contracts } from "#contracts";
import { customerIdOf, type Northwind, productIdOf } from "../../src/shop/northwind/northwind.ts";
import { checkShop, readStockAndSales } from "./check-shop.ts";
import { type Check, numberCheck } from "./checks.ts";
import { checkMail } from "./mail-check.ts";
import { codeOf, createRetrying, type RetryOptions } from "./retry.ts";
import { type StatusCounts, untilSettled } from "./settle.ts";
import { createTally, type TallySummary } from "./tally.ts";

/** The totals of the data; cents are hundredths of its currency. */
export const EXPECTED = { orders: 830, lines: 2_155, units: 51_317, cents: 144_906_231 } as const;

/** The options of {@link runReplay}. */
export interface ReplayOptions extends Omit<RetryOptions, "onRetry"> {
  readonly client: Client<typeof contracts>;
  readonly data: Northwind;
  /** How many orders are placed concurrently. */
  readonly concurrency: number;
  readonly onProgress: (done: number) => void;
  readonly onSettled: (settled: number) => void;
  /** The page of the shop's own mail server; if it does not answer, the mail server is not checked. */
  readonly mailUrl: string;
}

/** The result of a replay. `totals` are the orders context's own totals for the days of the data. */
export interface ReplayResult extends TallySummary {
  /** The time from the first order until the last one is settled; milliseconds. */
  readonly settledAfterMs: number;
  readonly counts: StatusCounts;
  readonly checks: readonly Check[];
  readonly totals: { readonly orders: number; readonly lines: number; readonly units: number; readonly cents: number };
}

/**
 * Places all orders of the data. However often the replay is run, each order is placed once, because its key is made from its Northwind id. Then waits
 * until all orders are settled, and checks the shop's figures.
 *
 * Errors: those of the call that fills the stock, and of the checks' queries. Orders that fail are counted.
 */
export async function runReplay({ client, data, concurrency, onProgress, onSettled, mailUrl, ...retry }: ReplayOptions): Promise<ReplayResult> {
  const tally = createTally();
  const retrying = createRetrying({ ...retry, onRetry: tally.retried });
  await retrying(() => client.catalog.stock.restock.mutate({ lines: neededLines(data) }, { context: { idempotencyKey: "northwind-restock" } }));

  const before = await retrying(() => readStockAndSales(client));
  const startedMs = retry.nowMs();
  const orders = data.orders.values();
  const worker = async (): Promise<void> => {
    for (const order of orders) {
      await placeOne(order);
      onProgress(tally.done);
    }
  };
  const placeOne = async (order: Northwind["orders"][number]): Promise<void> => {
    let attempts = 0;
    let sentMs = 0;
    try {
      await retrying(() => {
        attempts++;
        sentMs = retry.nowMs();
        return client.orders.placeFor.mutate(toPlacing(order), { context: { idempotencyKey: `northwind-${order.id}` } });
      });
      tally.succeeded(retry.nowMs() - sentMs);
    } catch (error) {
      tally.failed(codeOf(error));
    }
    if (attempts > 1) tally.callRetried();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const elapsedMs = retry.nowMs() - startedMs;

  const sorted = data.orders.map((order) => order.orderedOn).sort();
  const days = { from: sorted[0], to: sorted.at(-1) };
  const counts = await untilSettled({ client, retrying, days, ...retry, onProgress: onSettled });
  const settledAfterMs = retry.nowMs() - startedMs;
  const totals = await retrying(() => client.orders.totals.query(days));
  const confirmed = everConfirmed(await retrying(() => client.orders.counts.query({})));
  const checks = [
    numberCheck("orders confirmed", totals.orders, EXPECTED.orders),
    numberCheck("lines", totals.lines, EXPECTED.lines),
    numberCheck("units", totals.units, EXPECTED.units),
    numberCheck("total", totals.cents, EXPECTED.cents, " cents"),
    ...(await retrying(() => checkShop({ client, before, ...retry }))),
    ...(await retrying(() => checkMail({ client, mailUrl, confirmed, ...retry }))),
  ];
  return { ...tally.summary(elapsedMs), settledAfterMs, counts, checks, totals };
}

/** How many orders were confirmed at some time. The customer of each must have got a mail. */
function everConfirmed({ statuses }: { readonly statuses: readonly { readonly status: string; readonly orders: number }[] }): number {
  const never = ["pending", "declining", "declined"];
  return statuses.filter(({ status }) => !never.includes(status)).reduce((sum, { orders }) => sum + orders, 0);
}

/** The input that places an order. It has no price, because the catalog knows it. */
function toPlacing({ customerId, orderedOn, lines }: Northwind["orders"][number]) {
  return {
    customerId: customerIdOf(customerId),
    orderedOn,
    lines: lines.map(({ productId, quantity }) => ({ productId: productIdOf(productId), quantity })),
  };
}

/** The quantity of each product that all orders together need. */
function neededLines(data: Northwind): { productId: string; quantity: number }[] {
  const needed = new Map<number, number>();
  for (const { productId, quantity } of data.orders.flatMap((order) => order.lines)) needed.set(productId, (needed.get(productId) ?? 0) + quantity);
  return [...needed].map(([productId, quantity]) => ({ productId: productIdOf(productId), quantity }));
}
