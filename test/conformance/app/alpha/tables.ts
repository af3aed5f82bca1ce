import { integer, pgSchema, text } from "drizzle-orm/pg-core";

const schema = pgSchema("alpha");

/** A table, so that alpha has a database schema. */
export const notes = schema.table("notes", { tag: text().primaryKey(), amount: integer().notNull() });
