import { contract, mutation, query } from "holon/contract";
import { z } from "zod";
import { pageFields, pageOf } from "../page.ts";
import { Id, Moment, SumCents, Version } from "../values.ts";

/**
 * The status of an order's payment. `unanswered`: the gateway did not answer in time, and money may still move. `voided`: the payment was cancelled
 * before money moved; if money moves later, it is given back.
 */
export const PaymentStatus = z.enum(["approved", "declined", "unanswered", "refunded", "voided"]).meta({ id: "PaymentStatus" });

export type PaymentStatus = z.output<typeof PaymentStatus>;

/** The payment of one order. */
export const Payment = z
  .object({
    orderId: Id,
    customerId: Id.nullable(),
    amountCents: SumCents,
    status: PaymentStatus,
    /** Why the payment was declined or not answered; null otherwise. */
    reason: z.string().nullable(),
    version: Version,
    createdAt: Moment,
  })
  .meta({ id: "Payment" });

export type Payment = z.output<typeof Payment>;

/** The contract of the payments context: each order is paid at most once, and can be refunded. */
export const payments = contract("payments", {
  description: "Payments of orders.",
  procedures: {
    charge: mutation({
      access: "internal",
      idempotent: true,
      input: z.object({ orderId: Id, customerId: Id, amountCents: SumCents.min(1) }),
      output: Payment,
      description:
        "Takes the payment of an order. The answer is approved, declined or unanswered, and every later charge of the order gets the same answer. An order that was refunded is refused with CONFLICT, so that it cannot be charged late.",
    }),
    refund: mutation({
      access: "internal",
      idempotent: true,
      input: z.object({ orderId: Id }),
      output: z.object({ refunded: z.boolean() }),
      description:
        "Gives back what an order was charged. If the order was not charged yet, it never will be, and a charge that goes through late is given back.",
    }),
    get: query({
      access: { role: "admin" },
      input: z.object({ orderId: Id }),
      output: Payment,
      rest: "GET /payments/{orderId}",
      description: "The payment of one order.",
    }),
    list: query({
      access: { role: "admin" },
      input: z.object({ status: PaymentStatus.optional(), customerId: Id.optional(), ...pageFields }),
      output: pageOf(Payment),
      rest: "GET /payments",
      description: "Payments, the newest first, a page at a time.",
    }),
    totals: query({
      access: { role: "admin" },
      output: z.object({ statuses: z.array(z.object({ status: PaymentStatus, payments: z.int(), cents: SumCents })) }),
      rest: "GET /payment-totals",
      description: "The number and the sum of the payments of each status; a status that no payment has is left out.",
    }),
  },
});
