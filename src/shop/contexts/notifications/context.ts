import { defineContext, job } from "holon";
import { z } from "zod";
import { notifications as notificationsContract } from "#contracts/notifications";
import { orders } from "#contracts/orders";
import { users } from "#contracts/users";
import * as tables from "./tables.ts";

/** Retries continue for hours, because a mail server may be down for hours. */
const MAIL = { attempts: 20, timeoutMs: 30_000, backoff: { firstMs: 1_000, greatestMs: 15 * 60_000 } };

/** The notifications context: messages to people, by mail. */
export const notifications = defineContext(notificationsContract, {
  tables,
  calls: { users },
  subscribesTo: { orders },
  jobs: { sendMail: job(z.object({ notificationId: z.uuid() }), MAIL) },
});
