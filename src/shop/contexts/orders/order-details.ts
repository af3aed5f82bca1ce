import { type CallOptions, type ContextOf, HolonError } from "holon";
import type { OrderDetails, orders as ordersContract } from "#contracts/orders";
import { inParallel } from "../../in-parallel.ts";
import type { orders } from "./context.ts";
import { toOrder } from "./order-record.ts";
import type { OrderRow } from "./tables.ts";

type DetailsContext = ContextOf<typeof orders, typeof ordersContract.procedures.details>;

/** How many products are fetched at once. An order of a hundred lines must not flood the catalog. */
const CONCURRENCY = 8;

/** How long other contexts may take at most. A part that has not come by then counts as missing. */
const PATIENCE_MS = 2_000;

/** The share of the caller's remaining time that may be used, so that some is left for the answer. */
const SHARE = 0.8;

/** The result of a call to another context that failed or took too long. */
const AWAY = Symbol("away");

/**
 * Puts an order together with its buyer and its products, which are fetched in parallel.
 *
 * Shape: `missing` names a part whose context is down, slow or broken. A buyer or product that does not exist is not missing.
 * Source: API composition (Richardson, Microservices Patterns, ch. 7).
 */
export async function orderDetails(ctx: DetailsContext, row: OrderRow): Promise<OrderDetails> {
  const order = toOrder(row);
  const untilMs = Math.min(PATIENCE_MS, ctx.remainingMs * SHARE);
  const startedWith = ctx.remainingMs;
  const options = (): CallOptions => ({ deadlineMs: Math.max(0, untilMs - (startedWith - ctx.remainingMs)) });
  const [buyer, products] = await Promise.all([
    unlessAway(ctx.call.users.get({ id: order.customerId }, options())),
    inParallel(order.lines, CONCURRENCY, ({ productId }) => unlessAway(ctx.call.catalog.products.get({ id: productId }, options()))),
  ]);
  return {
    order,
    buyer: buyer === AWAY ? null : (buyer ?? null),
    products: products.filter((product) => product !== AWAY && product !== undefined),
    missing: [...(buyer === AWAY ? (["buyer"] as const) : []), ...(products.includes(AWAY) ? (["products"] as const) : [])],
  };
}

async function unlessAway<Answer>(call: Promise<Answer>): Promise<Answer | undefined | typeof AWAY> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof HolonError)) throw error;
    return error.code === "NOT_FOUND" ? undefined : AWAY;
  }
}
