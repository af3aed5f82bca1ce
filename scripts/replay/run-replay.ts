import type { Client } from "holon/client";
import type { contracts } from "#contracts";
import { customerIdOf, type Northwind, productIdOf } from "../../src/shop/northwind/northwind.ts";
import { codeOf, createRetrying, type RetryOptions } from "./retry.ts";
import { createTally, type TallySummary } from "./tally.ts";

/** What {@link runReplay} needs. */
export interface ReplayOptions extends Omit<RetryOptions, "onRetry"> {
  readonly client: Client<typeof contracts>;
  readonly data: Northwind;
  /** How many orders are on their way at once. */
  readonly concurrency: number;
  readonly onProgress: (done: number) => void;
}

/** What a replay came to. `totals` is what the orders context itself says of the days of the data. */
export interface ReplayResult extends TallySummary {
  readonly totals: { readonly orders: number; readonly lines: number; readonly units: number; readonly cents: number };
}

/**
 * Sends all orders of the data, once each however often it is run: an order's key is made from its Northwind id.
 *
 * Errors: those of the restocking and of the totals; orders that fail are counted.
 */
export async function runReplay({ client, data, concurrency, onProgress, ...retry }: ReplayOptions): Promise<ReplayResult> {
  const tally = createTally();
  const retrying = createRetrying({ ...retry, onRetry: tally.retried });
  await retrying(() => client.catalog.stock.restock.mutate({ lines: neededLines(data) }, { context: { idempotencyKey: "northwind-restock" } }));

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

  const days = data.orders.map((order) => order.orderedOn).sort();
  const totals = await retrying(() => client.orders.totals.query({ from: days[0], to: days.at(-1) }));
  return { ...tally.summary(elapsedMs), totals };
}

/** What goes over the wire: no price, since the catalog knows it. */
function toPlacing({ customerId, orderedOn, lines }: Northwind["orders"][number]) {
  return {
    customerId: customerIdOf(customerId),
    orderedOn,
    lines: lines.map(({ productId, quantity }) => ({ productId: productIdOf(productId), quantity })),
  };
}

/** As much of each product as all orders together take. */
function neededLines(data: Northwind): { productId: string; quantity: number }[] {
  const needed = new Map<number, number>();
  for (const { productId, quantity } of data.orders.flatMap((order) => order.lines)) needed.set(productId, (needed.get(productId) ?? 0) + quantity);
  return [...needed].map(([productId, quantity]) => ({ productId: productIdOf(productId), quantity }));
}
