import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
export const a: SQL = sql``;
