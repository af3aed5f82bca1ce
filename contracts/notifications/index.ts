import { contract, query } from "holon/contract";
import { z } from "zod";
import { pageFields, pageOf } from "../page.ts";
import { Id, Moment } from "../values.ts";

/** The events about which customers get a message. */
export const NotificationKind = z.enum(["orderConfirmed", "orderDeclined", "orderCancelled"]).meta({ id: "NotificationKind" });

export type NotificationKind = z.output<typeof NotificationKind>;

/** The status of a message. `dropped`: the customer closed the account before the message was sent. */
export const NotificationStatus = z.enum(["waiting", "sent", "dropped"]).meta({ id: "NotificationStatus" });

/** A message to a customer. */
export const Notification = z
  .object({
    id: Id,
    kind: NotificationKind,
    orderId: Id,
    customerId: Id,
    status: NotificationStatus,
    /** The Message-ID of the mail. It stays the same if the mail is sent more than once. */
    messageId: z.string(),
    /** Null until the mail is sent. */
    recipient: z.string().nullable(),
    sentAt: Moment.nullable(),
    createdAt: Moment,
  })
  .meta({ id: "Notification" });

export type Notification = z.output<typeof Notification>;

/**
 * The contract of the notifications context. A customer gets a mail about each event of {@link NotificationKind}. A mail is sent at least once, unless the
 * account is closed first.
 */
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
