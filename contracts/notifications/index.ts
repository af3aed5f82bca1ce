import { contract, query } from "holon/contract";
import { z } from "zod";
import { pageFields, pageOf } from "../page.ts";
import { Id, Moment } from "../values.ts";

/** What people are told about. */
export const NotificationKind = z.enum(["orderConfirmed", "orderDeclined", "orderCancelled"]).meta({ id: "NotificationKind" });

export type NotificationKind = z.output<typeof NotificationKind>;

/** Where a message stands. `dropped`: whom it was for closed his account before it was sent. */
export const NotificationStatus = z.enum(["waiting", "sent", "dropped"]).meta({ id: "NotificationStatus" });

/** A message to somebody. */
export const Notification = z
  .object({
    id: Id,
    kind: NotificationKind,
    orderId: Id,
    customerId: Id,
    status: NotificationStatus,
    /** The mail's Message-ID: the same however often it is sent. */
    messageId: z.string(),
    /** Null until it is sent. */
    recipient: z.string().nullable(),
    sentAt: Moment.nullable(),
    createdAt: Moment,
  })
  .meta({ id: "Notification" });

export type Notification = z.output<typeof Notification>;

/** What the notifications context promises: people are told of each thing, by a mail that is sent at least once. */
export const notifications = contract("notifications", {
  description: "Messages to people.",
  procedures: {
    list: query({
      access: { role: "admin" },
      input: z.object({
        orderId: Id.optional(),
        kind: NotificationKind.optional(),
        status: NotificationStatus.optional(),
        sentSince: Moment.optional(),
        ...pageFields,
      }),
      output: pageOf(Notification),
      rest: "GET /notifications",
      description: "Messages, the newest first, a page at a time.",
    }),
  },
});
