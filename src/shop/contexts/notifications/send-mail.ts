import { type ContextOf, safeCall, type TransactionOf } from "holon";
import type { Mailer } from "../../mail/mailer.ts";
import type { notifications } from "./context.ts";
import { toMessage } from "./message.ts";
import { messageIdOf, notificationById, setStatus } from "./notification-record.ts";

type Complete = (run: (tx: TransactionOf<typeof notifications>) => Promise<void>) => Promise<void>;

/**
 * Sends the mail of a notification.
 *
 * Guarantee: at least once. If the process dies after the mail server's OK and before the commit, the mail is sent again with the same
 * Message-ID, so that mail programs recognise the duplicate.
 */
export async function sendMail(ctx: ContextOf<typeof notifications>, mailer: Mailer, id: string, complete: Complete): Promise<void> {
  const notification = await notificationById(ctx, id);
  if (notification?.status !== "waiting") return;
  const [customer, error] = await safeCall(ctx.call.users.get({ id: notification.customerId }));
  if (error?.code === "NOT_FOUND") return complete((tx) => setStatus(tx, id, "dropped", null));
  if (error !== undefined) throw error;
  const { subject, body } = toMessage(notification.kind, { ...notification, name: customer.name });
  await mailer.send({ messageId: messageIdOf(id), to: customer.email, subject, text: body, signal: ctx.signal });
  await complete((tx) => setStatus(tx, id, "sent", customer.email));
}
