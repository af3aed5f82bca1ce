import { sql } from "drizzle-orm";
import { check, index, integer, pgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";

/** The users context's own Postgres schema. */
export const schema = pgSchema("users");

/** Accounts. An account without password hash cannot sign in. */
export const users = schema.table(
  "users",
  {
    id: uuid().primaryKey().defaultRandom(),
    email: text().notNull().unique(),
    name: text().notNull(),
    company: text(),
    city: text(),
    country: text(),
    role: text({ enum: ["user", "admin"] })
      .notNull()
      .default("user"),
    passwordHash: text("password_hash"),
    version: integer().notNull().default(1),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check("users_email_is_one_spelling", sql`${table.email} = lower(trim(${table.email}))`),
    check("users_role_is_known", sql`${table.role} in ('user', 'admin')`),
    index("users_by_name").on(table.name, table.id),
  ],
);

/** A row of {@link users}. */
export type UserRow = typeof users.$inferSelect;
