import { sql } from "drizzle-orm";
import { check, index, pgSchema, text, timestamp, unique, uuid } from "drizzle-orm/pg-core";

/** The notifications context's own Postgres schema. */
export const schema = pgSchema("notifications");

/** Messages to people, one of each kind an order. */
export const notifications = schema.table(
  "notifications",
  {
    id: uuid().primaryKey().defaultRandom(),
    kind: text({ enum: ["orderConfirmed", "orderCancelled"] }).notNull(),
    orderId: uuid("order_id").notNull(),
    recipient: text().notNull(),
    subject: text().notNull(),
    body: text().notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    unique("notifications_once").on(table.orderId, table.kind),
    check("notifications_kind_is_known", sql`${table.kind} in ('orderConfirmed', 'orderCancelled')`),
    index("notifications_by_age").on(table.createdAt.desc(), table.id),
  ],
);

/** A row of {@link notifications}. */
export type NotificationRow = typeof notifications.$inferSelect;
