import { integer, pgSchema, text } from "drizzle-orm/pg-core";

const schema = pgSchema("alpha");

/** Something of alpha's own, so that it has a database. */
export const notes = schema.table("notes", { tag: text().primaryKey(), amount: integer().notNull() });
