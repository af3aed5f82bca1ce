import { setTimeout as sleep } from "node:timers/promises";
import { type Attempt, callUntilAnswered } from "../harness/calls.ts";
import type { Order } from "./contracts.ts";

/** Makes an order of one to five lines. */
export function createOrder(id: string, random: () => number): Order {
  const count = 1 + Math.floor(random() * 5);
  const lines = Array.from({ length: count }, () => ({
    sku: `sku-${Math.floor(random() * 50)}`,
    quantity: 1 + Math.floor(random() * 9),
    priceCents: 100 + Math.floor(random() * 10_000),
  }));
  return { id, lines };
}

/** Orders that are placed at a steady rate, whether or not earlier ones succeed. */
export interface Load {
  readonly attempts: Promise<readonly (readonly Attempt[])[]>;
  /** How many orders have been started so far. */
  readonly begun: () => number;
}

/** Places orders with idempotency keys, each until it is answered. */
export function startLoad(url: string, prefix: string, count: number, perSecond: number, random: () => number): Load {
  let begun = 0;
  const run = async (): Promise<readonly (readonly Attempt[])[]> => {
    const startMs = performance.now();
    const open: Promise<readonly Attempt[]>[] = [];
    for (; begun < count; begun++) {
      await sleep(Math.max(0, startMs + (begun * 1_000) / perSecond - performance.now()));
      const id = `${prefix}-${begun}`;
      open.push(callUntilAnswered(url, "orders.place", createOrder(id, random), id));
    }
    return Promise.all(open);
  };
  return { attempts: run(), begun: () => begun };
}

/** How many orders a second the process handles, with eight at once. */
export async function measureCapacity(url: string, random: () => number): Promise<number> {
  const startMs = performance.now();
  let next = 0;
  const place = async (): Promise<void> => {
    while (next < 80) {
      const id = `capacity-${next++}`;
      await callUntilAnswered(url, "orders.place", createOrder(id, random), id);
    }
  };
  await Promise.all(Array.from({ length: 8 }, place));
  return 80_000 / (performance.now() - startMs);
}
