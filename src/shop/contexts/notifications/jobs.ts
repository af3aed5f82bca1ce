import type { Mailer } from "../../mail/mailer.ts";
import { notifications } from "./context.ts";
import { sendMail } from "./send-mail.ts";

/** The dependencies of the notifications context. */
export interface NotificationsParts {
  readonly mailer: Mailer;
}

/** The handlers of the context's jobs. */
export const createJobs = ({ mailer }: NotificationsParts) =>
  notifications.jobs({
    sendMail: ({ data, ctx, complete }) => sendMail(ctx, mailer, data.notificationId, complete),
  });
