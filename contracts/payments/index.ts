import { contract, mutation, query } from "holon/contract";
import { z } from "zod";
import { pageFields, pageOf } from "../page.ts";
import { Moment, SumCents, Version } from "../values.ts";

/** Where the payment of an order stands. `voided` means that it was called off before money moved. */
export const PaymentStatus = z.enum(["approved", "declined", "refunded", "voided"]);

export type PaymentStatus = z.output<typeof PaymentStatus>;

/** The payment of one order. */
export const Payment = z.object({
  orderId: z.uuid(),
  customerId: z.uuid().nullable(),
  amountCents: SumCents,
  status: PaymentStatus,
  /** Why it was declined; null otherwise. */
  reason: z.string().nullable(),
  version: Version,
  createdAt: Moment,
});

export type Payment = z.output<typeof Payment>;

/** What the payments context promises: each order is paid at most once, and can be paid back. */
export const payments = contract("payments", {
  procedures: {
    charge: mutation({
      access: "internal",
      idempotent: true,
      input: z.object({ orderId: z.uuid(), attempt: z.uuid(), customerId: z.uuid(), amountCents: SumCents.min(1) }),
      output: Payment,
      description:
        "Takes the payment of an order; the answer is approved or declined. An order that is paid already answers that payment and hands it to the new attempt. An attempt that was refunded is refused with CONFLICT, so that it cannot charge late.",
    }),
    refund: mutation({
      access: "internal",
      idempotent: true,
      input: z.object({ orderId: z.uuid(), attempt: z.uuid() }),
      output: z.object({ refunded: z.boolean() }),
      description:
        "Gives back what an attempt charged, and stops a charge of it that comes later. Nothing happens where a later attempt holds the payment.",
    }),
    get: query({
      access: { role: "admin" },
      input: z.object({ orderId: z.uuid() }),
      output: Payment,
      rest: "GET /payments/{orderId}",
      description: "The payment of one order.",
    }),
    list: query({
      access: { role: "admin" },
      input: z.object({ status: PaymentStatus.optional(), customerId: z.uuid().optional(), ...pageFields }),
      output: pageOf(Payment),
      rest: "GET /payments",
      description: "Payments, the newest first, a page at a time.",
    }),
  },
});
