import { and, asc, desc, eq } from "drizzle-orm";
import { isHolonError, outsideEffect } from "holon";
import type { PaymentGateway } from "../../gateway/payment-gateway.ts";
import { payments } from "./context.ts";
import { adoptPayment, paymentOf, recordCharge, recordRefund, toPayment } from "./payment-record.ts";
import * as tables from "./tables.ts";

/** What the payments context is handed in. */
export interface PaymentsParts {
  readonly gateway: PaymentGateway;
}

/** The handlers of the payments contract. */
export const createProcedures = ({ gateway }: PaymentsParts) =>
  payments.procedures({
    charge: outsideEffect(async ({ input, ctx }) => {
      const { orderId, attempt, amountCents } = input;
      const { signal } = ctx;
      const calledOff = () => ctx.fail("CONFLICT", "This attempt was called off, or another one was paid.");
      const before = await paymentOf(ctx, orderId);
      if (before?.attempt === attempt && before.status !== "approved") {
        if (before.status !== "declined") throw calledOff();
        return ctx.transaction(async () => toPayment(before));
      }
      if (before?.status === "approved") {
        if (before.amountCents === amountCents) {
          return ctx.transaction(async (tx) => {
            const adopted = await adoptPayment(tx, before, attempt);
            if (adopted === undefined) throw calledOff();
            return toPayment(adopted);
          });
        }
        // An earlier attempt paid another price and could not be undone.
        await gateway.refund({ key: before.gatewayKey, signal });
      }
      const outcome = await gateway.charge({ key: attempt, ...input, signal });
      try {
        return await ctx.transaction(async (tx) => {
          const row = await recordCharge(tx, input, outcome, before);
          if (row === undefined) throw calledOff();
          return toPayment(row);
        });
      } catch (error) {
        // The row belongs to another attempt or says that this one was called off: nobody else will give this money back.
        if (isHolonError(error, "CONFLICT")) await gateway.refund({ key: attempt, signal });
        throw error;
      }
    }),

    refund: outsideEffect(async ({ input, ctx }) => {
      const { orderId, attempt } = input;
      const before = await paymentOf(ctx, orderId);
      const isOwn = before?.attempt === attempt;
      const isOver = isOwn ? before.status !== "approved" : before?.status === "approved";
      if (isOver) return ctx.transaction(async () => ({ refunded: false }));
      await gateway.refund({ key: isOwn ? before.gatewayKey : attempt, signal: ctx.signal });
      return ctx.transaction(async (tx) => ({ refunded: await recordRefund(tx, orderId, attempt) }));
    }),

    async get({ input, ctx }) {
      const payment = await paymentOf(ctx, input.orderId);
      if (payment === undefined) throw ctx.fail("NOT_FOUND", "There is no payment for such an order.");
      return toPayment(payment);
    },

    async list({ input, ctx }) {
      const { status, customerId, page, limit } = input;
      const where = and(
        status === undefined ? undefined : eq(tables.payments.status, status),
        customerId === undefined ? undefined : eq(tables.payments.customerId, customerId),
      );
      const orderBy = [desc(tables.payments.createdAt), asc(tables.payments.orderId)];
      const [rows, total] = await Promise.all([
        ctx.db.query.payments.findMany({ where, orderBy, limit, offset: (page - 1) * limit }),
        ctx.db.$count(tables.payments, where),
      ]);
      return { items: rows.map(toPayment), page, limit, total };
    },
  });
