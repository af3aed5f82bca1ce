import { contract, mutation, query } from "holon/contract";
import { z } from "zod";
import { pageFields, pageOf } from "../page.ts";
import { Email, Moment, SumCents } from "../values.ts";

/** What people are told about. */
export const NotificationKind = z.enum(["orderConfirmed", "orderCancelled"]);

export type NotificationKind = z.output<typeof NotificationKind>;

/** A message to somebody, as it would be sent. */
export const Notification = z.object({
  id: z.uuid(),
  kind: NotificationKind,
  orderId: z.uuid(),
  recipient: Email,
  subject: z.string(),
  body: z.string(),
  createdAt: Moment,
});

export type Notification = z.output<typeof Notification>;

/** What the notifications context promises: people are told once of each thing. */
export const notifications = contract("notifications", {
  procedures: {
    record: mutation({
      access: "internal",
      idempotent: true,
      input: z.object({ kind: NotificationKind, orderId: z.uuid(), recipient: Email, name: z.string().max(100), totalCents: SumCents }),
      output: Notification,
      description: "Writes down a message. The same kind for the same order again answers the message that is there.",
    }),
    list: query({
      access: { role: "admin" },
      input: z.object({ orderId: z.uuid().optional(), kind: NotificationKind.optional(), ...pageFields }),
      output: pageOf(Notification),
      rest: "GET /notifications",
      description: "Messages, the newest first, a page at a time.",
    }),
  },
});
