import { integer, pgSchema, serial, text } from "drizzle-orm/pg-core";

const schema = pgSchema("gamma");

/** The bookings that other contexts made here, in order. */
export const bookings = schema.table("bookings", { id: serial().primaryKey(), tag: text().notNull(), amount: integer().notNull() });
