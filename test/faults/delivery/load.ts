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
  /** How many orders have been started so far. */
  readonly begun: () => number;
  /** Lets the load end as soon as its count is begun. Returns the attempts of each order, all of which are answered then. */
  readonly finish: () => Promise<readonly (readonly Attempt[])[]>;
}

/** Places at least `count` orders with idempotency keys, each until it is answered. The load goes on until it may end, for faults need work to harm. */
export function startLoad(url: string, prefix: string, count: number, perSecond: number, random: () => number): Load {
  let begun = 0;
  let mayEnd = false;
  const run = async (): Promise<readonly (readonly Attempt[])[]> => {
    const startMs = performance.now();
    const open: Promise<readonly Attempt[]>[] = [];
    for (; begun < count || !mayEnd; begun++) {
      await sleep(Math.max(0, startMs + (begun * 1_000) / perSecond - performance.now()));
      const id = `${prefix}-${begun}`;
      open.push(callUntilAnswered(url, "orders.place", createOrder(id, random), id));
    }
    return Promise.all(open);
  };
  const attempts = run();
  return {
    begun: () => begun,
    finish: () => {
      mayEnd = true;
      return attempts;
    },
  };
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
