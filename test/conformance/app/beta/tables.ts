import { sql } from "drizzle-orm";
import { check, integer, pgSchema, text, unique, uuid } from "drizzle-orm/pg-core";

const schema = pgSchema("beta");

/** The rows that beta's cases write; a name is unique within a tag. */
export const items = schema.table(
  "items",
  { id: uuid().primaryKey().defaultRandom(), tag: text().notNull(), name: text().notNull(), amount: integer().notNull() },
  (table) => [unique("items_by_name").on(table.tag, table.name), check("items_amount_is_not_negative", sql`${table.amount} >= 0`)],
);
