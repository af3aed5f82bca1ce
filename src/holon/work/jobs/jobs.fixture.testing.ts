import { integer, pgSchema, text, uuid } from "drizzle-orm/pg-core";

/** The table that the jobs of tests write to: one row for each effect. */
export const effects = pgSchema("orders").table("effects", {
  id: uuid().primaryKey().defaultRandom(),
  job: text().notNull(),
  attempt: integer().notNull(),
});
export const tables = { effects };
