import { sql } from "drizzle-orm";
import { check, index, integer, pgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";

/** The users context's own Postgres schema. */
export const schema = pgSchema("users");

/** Accounts. An account without a password hash cannot sign in. */
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

/**
 * Sessions. A row stands for a whole sequence of refresh tokens: the valid one and its predecessor. Only hashes of tokens are stored.
 * `successorKey` derives the valid token from its predecessor.
 */
export const sessions = schema.table(
  "sessions",
  {
    id: uuid().primaryKey(),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    tokenHash: text("token_hash").notNull(),
    previousHash: text("previous_hash"),
    successorKey: text("successor_key"),
    rotatedAt: timestamp("rotated_at", { withTimezone: true }).notNull(),
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
  },
  (table) => [index("sessions_by_user").on(table.userId, table.rotatedAt), index("sessions_by_end").on(table.expiresAt)],
);

/** Unused tickets, by hash. */
export const tickets = schema.table(
  "tickets",
  {
    hash: text().primaryKey(),
    userId: uuid("user_id").notNull(),
    roles: text().array().notNull(),
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
  },
  (table) => [index("tickets_by_end").on(table.expiresAt)],
);

/** One row after the first admin was made. It stays when that admin is renamed or removed, so that no second first admin is made. */
export const firstAdmin = schema.table(
  "first_admin",
  { id: integer().primaryKey().default(1), madeAt: timestamp("made_at", { withTimezone: true }).notNull().defaultNow() },
  (table) => [check("first_admin_is_one_row", sql`${table.id} = 1`)],
);

/** A row of {@link sessions}. */
export type SessionRow = typeof sessions.$inferSelect;

/** A row of {@link users}. */
export type UserRow = typeof users.$inferSelect;
