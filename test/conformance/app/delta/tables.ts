import { integer, pgSchema } from "drizzle-orm/pg-core";

const schema = pgSchema("delta");

/** One row, for statements that sleep on it. */
export const beds = schema.table("beds", { id: integer().primaryKey() });
