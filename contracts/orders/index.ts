import { contract, mutation, query } from "holon/contract";
import { z } from "zod";
import { Lines, OutOfStock, ReservedLine, UnknownProduct } from "../catalog/index.ts";
import { pageFields, pageOf } from "../page.ts";
import { Day, Moment, SumCents, Version } from "../values.ts";

/** Where an order stands. `cancelling` means that money or stock is still to be given back. */
export const OrderStatus = z.enum(["confirmed", "shipped", "delivered", "cancelling", "cancelled"]);

export type OrderStatus = z.output<typeof OrderStatus>;

/** An order, with the prices of the day that it was placed. */
export const Order = z.object({
  id: z.uuid(),
  customerId: z.uuid(),
  status: OrderStatus,
  orderedOn: Day,
  totalCents: SumCents,
  lines: z.array(ReservedLine),
  version: Version,
  createdAt: Moment,
});

export type Order = z.output<typeof Order>;

const IllegalStatusChange = z.object({ from: OrderStatus, to: OrderStatus });

const placingErrors = {
  OUT_OF_STOCK: OutOfStock,
  UNKNOWN_PRODUCT: UnknownProduct,
  UNKNOWN_CUSTOMER: z.object({ customerId: z.uuid() }),
  PAYMENT_DECLINED: z.object({ reason: z.string() }),
};

/** What the orders context promises: orders from placing to delivery. */
export const orders = contract("orders", {
  procedures: {
    place: mutation({
      access: "user",
      idempotent: true,
      input: z.object({ lines: Lines }),
      output: Order,
      errors: placingErrors,
      rest: "POST /orders",
      description: "Orders for oneself: sets the stock aside, takes the payment, confirms. A refusal leaves nothing behind.",
    }),
    placeFor: mutation({
      access: { role: "admin" },
      idempotent: true,
      input: z.object({ customerId: z.uuid(), orderedOn: Day, lines: Lines }),
      output: Order,
      errors: placingErrors,
      rest: "POST /users/{customerId}/orders",
      description: "Orders for a customer, with a date of one's choice.",
    }),
    get: query({
      access: "user",
      input: z.object({ id: z.uuid() }),
      output: Order,
      rest: "GET /orders/{id}",
      description: "One order; buyers see their own, admins all.",
    }),
    list: query({
      access: "user",
      input: z.object({ customerId: z.uuid().optional(), status: OrderStatus.optional(), from: Day.optional(), to: Day.optional(), ...pageFields }),
      output: pageOf(Order),
      rest: "GET /orders",
      description: "Orders, the newest first, a page at a time; `from` and `to` are the first and the last day. Buyers see their own.",
    }),
    changeStatus: mutation({
      access: { role: "admin" },
      input: z.object({ id: z.uuid(), version: Version, status: z.enum(["shipped", "delivered"]) }),
      output: Order,
      errors: { ILLEGAL_STATUS_CHANGE: IllegalStatusChange },
      statuses: { ILLEGAL_STATUS_CHANGE: 409 },
      rest: "PATCH /orders/{id}",
      description: "Moves an order on: confirmed, shipped, delivered.",
    }),
    cancel: mutation({
      access: "user",
      input: z.object({ id: z.uuid() }),
      output: Order,
      errors: { ILLEGAL_STATUS_CHANGE: IllegalStatusChange },
      statuses: { ILLEGAL_STATUS_CHANGE: 409 },
      rest: "DELETE /orders/{id}",
      description: "Cancels an order that has not been shipped, and gives money and stock back. Calling it again finishes what was interrupted.",
    }),
    totals: query({
      access: { role: "admin" },
      input: z.object({ from: Day.optional(), to: Day.optional() }),
      output: z.object({ orders: z.int(), lines: z.int(), units: z.int(), cents: SumCents }),
      rest: "GET /order-totals",
      description: "What all orders that are not cancelled come to.",
    }),
  },
});
