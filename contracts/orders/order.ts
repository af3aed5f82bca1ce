import { z } from "zod";
import { Line } from "../catalog/index.ts";
import { Day, Id, Moment, SumCents, Version } from "../values.ts";

/** The status of an order. `pending`: the order is being placed. `declining`, `cancelling`: money or stock is still to be given back. */
export const OrderStatus = z
  .enum(["pending", "confirmed", "shipped", "delivered", "declining", "declined", "cancelling", "cancelled"])
  .meta({ id: "OrderStatus" });

export type OrderStatus = z.output<typeof OrderStatus>;

/** Why an order was not confirmed. `FAILED` is a fault of the shop. */
export const DeclineCode = z.enum(["UNKNOWN_CUSTOMER", "UNKNOWN_PRODUCT", "OUT_OF_STOCK", "PAYMENT_DECLINED", "PAYMENT_UNANSWERED", "FAILED"]);

/**
 * Why an order was declined, for programs and for people. UNKNOWN_PRODUCT and OUT_OF_STOCK name the product; OUT_OF_STOCK also says how many are left.
 */
export const DeclineReason = z
  .object({
    code: DeclineCode,
    message: z.string(),
    productId: Id.optional(),
    available: z.int().min(0).optional(),
  })
  .meta({ id: "DeclineReason" });

export type DeclineReason = z.output<typeof DeclineReason>;

/** A line of an order. Name and price are those of the catalog when the stock was reserved; both are null before that. */
export const OrderLine = z
  .object({ ...Line.shape, name: z.string().nullable(), unitPriceCents: z.int().min(1).nullable() })
  .meta({ id: "OrderLine" });

/** An order, with the prices of the moment when its stock was reserved. */
export const Order = z
  .object({
    id: Id,
    customerId: Id,
    status: OrderStatus,
    /** Why the order was declined; null if it was not. */
    reason: DeclineReason.nullable(),
    orderedOn: Day,
    /** Null until the stock is reserved. */
    totalCents: SumCents.nullable(),
    lines: z.array(OrderLine),
    version: Version,
    createdAt: Moment,
  })
  .meta({ id: "Order" });

export type Order = z.output<typeof Order>;

/** A change of an order's status. `version` is the order's version after the change. */
export const OrderChange = z.object({ orderId: Id, status: OrderStatus, reason: DeclineReason.nullable(), version: Version });

export type OrderChange = z.output<typeof OrderChange>;
