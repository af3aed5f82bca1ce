import type { TransactionOf } from "holon";
import { notifications } from "./context.ts";
import { insertNotification, type NewNotification } from "./notification-record.ts";

/** The events that people get a message about. The mail is sent by a job, not here: a transaction that waits for a mail server holds a connection. */
export const events = notifications.events({
  orders: {
    orderConfirmed: ({ event: { payload }, tx }) => tell(tx, { ...payload, kind: "orderConfirmed" }),
    orderDeclined: ({ event: { payload }, tx }) => tell(tx, { ...payload, kind: "orderDeclined", reason: payload.reason.message }),
    orderCancelled: ({ event: { payload }, tx }) => tell(tx, { ...payload, kind: "orderCancelled" }),
  },
});

async function tell(tx: TransactionOf<typeof notifications>, notification: NewNotification): Promise<void> {
  const notificationId = await insertNotification(tx, notification);
  if (notificationId !== undefined) await tx.enqueue("sendMail", { notificationId });
}
