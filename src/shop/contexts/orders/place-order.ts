import type { ContextOf } from "holon";
import { safeCall } from "holon";
import type { z } from "zod";
import type { Lines } from "#contracts/catalog";
import type { Order, orders as ordersContract } from "#contracts/orders";
import type { User } from "#contracts/users";
import type { orders } from "./context.ts";
import { insertOrder, type NewOrder, orderById, toOrder } from "./order-record.ts";
import { totalCentsOf } from "./pricing.ts";
import type { OrderRow } from "./tables.ts";
import { tellCustomer } from "./tell-customer.ts";
import { createUndoList, type UndoList } from "./undo-list.ts";

type PlacingContext = ContextOf<typeof orders, typeof ordersContract.procedures.place>;

/** Time that is kept free of the deadline, to undo what was done; milliseconds. */
const UNDO_MS = 2_000;

/** An order as it is asked for. */
export interface Placing {
  /** Always the same for the same request, so that a repetition meets what was done before. */
  readonly orderId: string;
  /** New in every run: what a run reserves and charges is undone by this name, and a later run takes it over under its own. */
  readonly attempt: string;
  readonly customerId: string;
  readonly orderedOn: string | undefined;
  readonly lines: z.output<typeof Lines>;
}

/**
 * Places an order: sets the stock aside, takes the payment, confirms, tells the customer.
 *
 * Errors: UNKNOWN_CUSTOMER, PAYMENT_DECLINED; the catalog's OUT_OF_STOCK and UNKNOWN_PRODUCT, and faults of other contexts, as they are.
 * Guarantee: a failure gives back what was reserved and charged. A run that dies in between leaves it for the next one with the same key.
 */
export async function placeOrder(ctx: PlacingContext, placing: Placing): Promise<Order> {
  const known = await orderById(ctx, placing.orderId);
  if (known !== undefined) return answerAgain(ctx, known, placing);
  const customer = await customerOf(ctx, placing.customerId);
  const undoList = createUndoList();
  const order = await payAndConfirm(ctx, placing, undoList).catch(async (error: unknown) => {
    await undoList.undo(ctx.log);
    throw error;
  });
  await tellCustomer(ctx, "orderConfirmed", order, customer);
  return order;
}

async function payAndConfirm(ctx: PlacingContext, placing: Placing, undoList: UndoList): Promise<Order> {
  const { orderId, attempt, customerId, lines } = placing;
  const { catalog, payments } = ctx.call;
  const deadlineMs = (): number => Math.max(ctx.remainingMs - UNDO_MS, ctx.remainingMs / 2);

  const reserved = await undoList.run({
    name: "reserve",
    run: () => catalog.stock.reserve({ orderId, attempt, lines }, { key: `${attempt}/reserve`, deadlineMs: deadlineMs() }),
    undo: () => catalog.stock.release({ orderId, attempt }, { key: `${attempt}/release` }),
  });
  const totalCents = totalCentsOf(reserved.lines);
  const payment = await undoList.run({
    name: "charge",
    run: () => payments.charge({ orderId, attempt, customerId, amountCents: totalCents }, { key: `${attempt}/charge`, deadlineMs: deadlineMs() }),
    undo: () => payments.refund({ orderId, attempt }, { key: `${attempt}/refund` }),
  });
  if (payment.status !== "approved") throw ctx.fail("PAYMENT_DECLINED", { reason: payment.reason ?? "The bank declined." });

  const { orderedOn } = placing;
  return confirm(ctx, { id: orderId, customerId, orderedOn, totalCents, attempt, lines: reserved.lines }, undoList);
}

/** Writes the order. A commit whose answer was lost may have happened: then the row says so, and where it cannot be read, nothing is undone. */
async function confirm(ctx: PlacingContext, order: NewOrder, undoList: UndoList): Promise<Order> {
  try {
    return await ctx.transaction(async (tx) => toOrder(await insertOrder(tx, order)));
  } catch (error) {
    const written = await orderById(ctx, order.id).catch(() => {
      undoList.forget(ctx.log);
      throw error;
    });
    if (written?.attempt !== order.attempt) throw error;
    return toOrder(written);
  }
}

/** The order that an earlier request with this key placed, longer ago than keys are kept. Errors: CONFLICT where it asked for something else. */
function answerAgain(ctx: PlacingContext, known: OrderRow, { customerId, lines }: Placing): Promise<Order> {
  const quantities = new Map(lines.map((line) => [line.productId, line.quantity]));
  const same =
    known.customerId === customerId &&
    known.lines.length === lines.length &&
    known.lines.every((line) => quantities.get(line.productId) === line.quantity);
  if (!same) throw ctx.fail("CONFLICT", "The key was used before for another order.");
  return ctx.transaction(async () => toOrder(known));
}

async function customerOf(ctx: PlacingContext, customerId: string): Promise<User> {
  const [customer, error] = await safeCall(ctx.call.users.get({ id: customerId }));
  if (error === undefined) return customer;
  throw error.code === "NOT_FOUND" ? ctx.fail("UNKNOWN_CUSTOMER", { customerId }) : error;
}
