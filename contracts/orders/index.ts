import { contract, cursor, event, mutation, query, subscription } from "holon/contract";
import { z } from "zod";
import { Lines } from "../catalog/index.ts";
import { SoldLine } from "../catalog/sale.ts";
import { cursorPageOf, onePlace, pageFields } from "../page.ts";
import { Day, Id, SumCents, Version } from "../values.ts";
import { OrderDetails } from "./details.ts";
import { DeclineReason, Order, OrderChange, OrderStatus } from "./order.ts";

export { OrderDetails } from "./details.ts";
export { DeclineCode, DeclineReason, Order, OrderChange, OrderStatus } from "./order.ts";

const IllegalStatusChange = z.object({ from: OrderStatus, to: OrderStatus });

/** A position in a list of orders: the order after which the list goes on. */
export const OrderCursor = cursor("orders.orders", z.object({ orderedOn: Day, id: Id, page: z.int() }));

/** The fields that every event of an order has. `version` is the order's version after the change. */
const ofOrder = { orderId: Id, customerId: Id, version: Version };
const orderedBy = { orderedBy: "orderId" } as const;

/** The contract of the orders context: orders from placing to delivery. */
export const orders = contract("orders", {
  description: "Orders, from placing to delivery.",
  procedures: {
    place: mutation({
      access: "user",
      idempotent: true,
      input: z.object({ lines: Lines }),
      output: Order,
      rest: "POST /orders",
      description:
        "Places an order for the caller. The order is pending at first. Then stock is reserved and the payment is taken, and the order becomes confirmed, or declined with a reason.",
      example: { input: { lines: [{ productId: "add0bf27-6562-57e2-8d63-dfe35167d93e", quantity: 2 }] } },
    }),
    placeFor: mutation({
      access: { role: "admin" },
      idempotent: true,
      input: z.object({ customerId: Id, orderedOn: Day, lines: Lines }),
      output: Order,
      rest: "POST /users/{customerId}/orders",
      description: "Places an order for a customer, with a given date.",
    }),
    get: query({
      access: "user",
      input: z.object({ id: Id }),
      output: Order,
      rest: "GET /orders/{id}",
      description: "One order. Buyers see their own orders, and admins see all orders.",
    }),
    details: query({
      access: "user",
      input: z.object({ id: Id }),
      output: OrderDetails,
      rest: "GET /orders/{id}/details",
      description:
        "One order with its buyer and its products as they are now, from three contexts. If a part is not available now, `missing` names it, and the answer has the other parts.",
    }),
    list: query({
      access: "user",
      input: z
        .object({
          customerId: Id.optional(),
          status: OrderStatus.optional(),
          from: Day.optional(),
          to: Day.optional(),
          ...pageFields,
          cursor: OrderCursor.schema.optional(),
        })
        .refine(({ cursor, page }) => cursor === undefined || page === 1, onePlace),
      output: cursorPageOf(Order),
      rest: "GET /orders",
      description:
        "Orders, the newest first, a page at a time. Give `page`, or the `next` of the page before as `cursor`. `from` and `to` are the first and the last day. Buyers see their own orders.",
    }),
    changes: subscription({
      access: "user",
      input: z.object({ id: Id, lastEventId: z.string().optional() }),
      output: OrderChange,
      resumable: true,
      description: "The status of one order, and each change of it as it happens, until the status is final.",
    }),
    changeStatus: mutation({
      access: { role: "admin" },
      input: z.object({ id: Id, version: Version, status: z.enum(["shipped", "delivered"]) }),
      output: Order,
      errors: { ILLEGAL_STATUS_CHANGE: IllegalStatusChange },
      statuses: { ILLEGAL_STATUS_CHANGE: 409 },
      rest: "PATCH /orders/{id}",
      description: "Changes a confirmed order to shipped, or a shipped order to delivered.",
    }),
    cancel: mutation({
      access: "user",
      input: z.object({ id: Id }),
      output: Order,
      errors: { ILLEGAL_STATUS_CHANGE: IllegalStatusChange },
      statuses: { ILLEGAL_STATUS_CHANGE: 409 },
      rest: "DELETE /orders/{id}",
      description:
        "Cancels an order that is confirmed and not shipped yet. It is `cancelling` until money and stock are given back, and then `cancelled`.",
    }),
    counts: query({
      access: { role: "admin" },
      input: z.object({ from: Day.optional(), to: Day.optional() }),
      output: z.object({ statuses: z.array(z.object({ status: OrderStatus, orders: z.int() })) }),
      rest: "GET /order-counts",
      description: "How many orders have each status; a status that no order has is left out.",
    }),
    totals: query({
      access: { role: "admin" },
      input: z.object({ from: Day.optional(), to: Day.optional() }),
      output: z.object({ orders: z.int(), lines: z.int(), units: z.int(), cents: SumCents }),
      rest: "GET /order-totals",
      description: "The totals of all orders that were confirmed and are not cancelled.",
    }),
  },
  events: {
    orderChanged: event(OrderChange, orderedBy),
    orderPlaced: event(z.object(ofOrder), orderedBy),
    orderConfirmed: event(z.object({ ...ofOrder, totalCents: SumCents, lines: z.array(SoldLine).max(100) }), orderedBy),
    orderDeclined: event(z.object({ ...ofOrder, reason: DeclineReason }), orderedBy),
    orderCancelled: event(z.object({ ...ofOrder, totalCents: SumCents }), orderedBy),
  },
});
