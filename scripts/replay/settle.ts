import type { Client } from "holon/client";
import type { contracts } from "#contracts";
import type { Retrying } from "./retry.ts";

/** The statuses that an order leaves without an action of a user. */
export const MOVING: readonly string[] = ["pending", "declining", "cancelling"];

/** The options of {@link untilSettled}. */
export interface SettleOptions {
  readonly client: Client<typeof contracts>;
  readonly retrying: Retrying;
  /** The days whose orders are counted. */
  readonly days: { readonly from: string | undefined; readonly to: string | undefined };
  /** If the number of unsettled orders has not changed for this long, the wait ends; milliseconds. */
  readonly patienceMs: number;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onProgress: (settled: number) => void;
}

const LOOK_MS = 250;

/** How many orders have each status. */
export type StatusCounts = Readonly<Record<string, number>>;

/** Waits until every order of the days is settled. Shape: the counts at the end; if the wait ended early, they contain unsettled orders. */
export async function untilSettled({ client, retrying, days, patienceMs, nowMs, sleep, onProgress }: SettleOptions): Promise<StatusCounts> {
  let movedMs = nowMs();
  for (let moving = -1; ; ) {
    const { statuses } = await retrying(() => client.orders.counts.query(days));
    const counts = Object.fromEntries(statuses.map(({ status, orders }) => [status, orders]));
    const left = MOVING.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
    const all = statuses.reduce((sum, { orders }) => sum + orders, 0);
    onProgress(all - left);
    if (left !== moving) movedMs = nowMs();
    moving = left;
    if (left === 0 || nowMs() - movedMs > patienceMs) return counts;
    await sleep(LOOK_MS);
  }
}
