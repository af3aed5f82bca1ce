import { type CallOptions, type ContextOf, HolonError } from "holon";
import type { OrderDetails, orders as ordersContract } from "#contracts/orders";
import { inParallel } from "../../in-parallel.ts";
import type { orders } from "./context.ts";
import { toOrder } from "./order-record.ts";
import type { OrderRow } from "./tables.ts";

type DetailsContext = ContextOf<typeof orders, typeof ordersContract.procedures.details>;

/** Products that are asked for at once: an order of a hundred lines is no reason to flood the catalog. */
const CONCURRENCY = 8;

/** How long others may take, whatever is left of the caller's own time: what is not here by then is missing. */
const PATIENCE_MS = 2_000;

/** Of the caller's time, so that there is some left to answer in. */
const SHARE = 0.8;

/** Where somebody could not be asked. */
const AWAY = Symbol("away");

/**
 * Puts an order together with its buyer and its products, which are asked for side by side.
 *
 * Shape: whoever is away, slow or broken is named in `missing`; that there is no such buyer or product is an answer. Source: API composition (Richardson, Microservices Patterns, ch. 7).
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
