import { sql } from "drizzle-orm";
import { bigint, check, index, pgSchema, text, timestamp, unique, uuid } from "drizzle-orm/pg-core";

/** The notifications context's own Postgres schema. */
export const schema = pgSchema("notifications");

/** Messages to people, at most one of each kind for an order. The text is written, and the address is read from the account, when the mail is sent. */
export const notifications = schema.table(
  "notifications",
  {
    id: uuid().primaryKey(),
    kind: text({ enum: ["orderConfirmed", "orderDeclined", "orderCancelled"] }).notNull(),
    orderId: uuid("order_id").notNull(),
    customerId: uuid("customer_id").notNull(),
    totalCents: bigint("total_cents", { mode: "number" }),
    reason: text(),
    status: text({ enum: ["waiting", "sent", "dropped"] }).notNull(),
    recipient: text(),
    sentAt: timestamp("sent_at", { withTimezone: true }),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    unique("notifications_once").on(table.orderId, table.kind),
    check("notifications_kind_is_known", sql`${table.kind} in ('orderConfirmed', 'orderDeclined', 'orderCancelled')`),
    check("notifications_status_is_known", sql`${table.status} in ('waiting', 'sent', 'dropped')`),
    index("notifications_by_age").on(table.createdAt.desc(), table.id),
  ],
);

/** A row of {@link notifications}. */
export type NotificationRow = typeof notifications.$inferSelect;
