import { HolonError } from "holon";
import { cancelled, confirm, declined, declining } from "./advance-order.ts";
import { orders } from "./context.ts";
import { declineReasonOf } from "./decline-reason.ts";
import { totalCentsOf } from "./pricing.ts";

/** If a context is down, the step is retried, so the order stays pending for some minutes and is not declined. */
const WAITING = { timeoutMs: 10_000, retry: { attempts: 60, greatestMs: 5_000 } };

/** Compensation is retried for hours before an operator has to act. */
const PATIENT = { retry: { attempts: 1_000, greatestMs: 60_000 } };

/** The sagas of an order. */
export const workflows = orders.workflows({
  async placeOrder({ input: { orderId, customerId, lines }, step }) {
    // The first step is undone last, so that the order is declined only after everything is given back.
    await step.transaction("accept", async () => {}, { ...WAITING, undo: ({ tx }) => declined(tx, orderId) });
    try {
      await step.call("checkCustomer", async ({ call }) => (await call.users.get({ id: customerId })).id, WAITING);
      const reserved = await step.call("reserveStock", ({ call }) => call.catalog.stock.reserve({ orderId, lines }), {
        ...WAITING,
        undo: ({ call }) => call.catalog.stock.release({ orderId }),
      });
      const amountCents = totalCentsOf(reserved.lines);
      const payment = await step.call("charge", ({ call }) => call.payments.charge({ orderId, customerId, amountCents }), {
        ...WAITING,
        undo: ({ call }) => call.payments.refund({ orderId }),
      });
      if (payment.status !== "approved") throw new HolonError(paymentCode(payment.status), payment.reason ?? "The bank declined.");
      await step.transaction("confirm", ({ tx }) => confirm(tx, orderId, reserved.lines), WAITING);
      return { status: "confirmed" as const };
    } catch (error) {
      const reason = declineReasonOf(error);
      await step.transaction("decline", ({ tx }) => declining(tx, orderId, reason), WAITING);
      throw error;
    }
  },

  async cancelOrder({ input: { orderId }, step }) {
    await step.call("refund", ({ call }) => call.payments.refund({ orderId }), PATIENT);
    await step.call("releaseStock", ({ call }) => call.catalog.stock.release({ orderId }), PATIENT);
    await step.transaction("cancel", ({ tx }) => cancelled(tx, orderId), PATIENT);
    return { status: "cancelled" as const };
  },
});

function paymentCode(status: string): "PAYMENT_DECLINED" | "PAYMENT_UNANSWERED" {
  return status === "unanswered" ? "PAYMENT_UNANSWERED" : "PAYMENT_DECLINED";
}
