import { and, asc, desc, eq } from "drizzle-orm";
import { outsideEffect } from "holon";
import type { PaymentGateway } from "../../gateway/payment-gateway.ts";
import { chargeOrder } from "./charge-order.ts";
import { payments } from "./context.ts";
import { paymentOf, toPayment, totalsByStatus } from "./payment-record.ts";
import { refundOrder } from "./refund-order.ts";
import * as tables from "./tables.ts";

/** The dependencies of the payments context. */
export interface PaymentsParts {
  readonly gateway: PaymentGateway;
  /** How long the gateway may take to answer a charge; milliseconds, 3 000 by default. */
  readonly gatewayPatienceMs?: number | undefined;
}

const PATIENCE_MS = 3_000;

/** The handlers of the payments contract. */
export const createProcedures = ({ gateway, gatewayPatienceMs: patienceMs = PATIENCE_MS }: PaymentsParts) =>
  payments.procedures({
    charge: outsideEffect(({ input, ctx }) => chargeOrder(ctx, { gateway, patienceMs }, input)),

    refund: outsideEffect(({ input, ctx }) => refundOrder(ctx, gateway, input.orderId)),

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

    totals: async ({ ctx }) => ({ statuses: await totalsByStatus(ctx) }),
  });
