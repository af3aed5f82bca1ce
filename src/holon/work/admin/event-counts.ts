import { sql } from "../../data/drizzle/sql.ts";
import { countOf, type WorkDatabase } from "../engine/work-database.ts";
import type { EventCounts } from "./work-console.ts";

/** Counts the waiting rows of a context's outbox and inbox, by indexes that contain only waiting rows. */
export async function countEvents(database: WorkDatabase): Promise<EventCounts> {
  const [outbox, inbox] = [database.table("holon_outbox"), database.table("holon_inbox")];
  const [row] = await database.rows<EventCounts>(
    "count events",
    sql`select ${countOf(outbox, sql`settled_at is null`)} as "outboxCount",
          coalesce(extract(epoch from now() - (select created_at from ${outbox} where settled_at is null order by position limit 1)) * 1000, 0)
            ::double precision as "outboxLagMs",
          ${countOf(inbox, sql`state = 'held'`)} as "heldCount", ${countOf(inbox, sql`state = 'parked'`)} as "parkedCount"`,
  );
  return row ?? { outboxCount: 0, outboxLagMs: 0, heldCount: 0, parkedCount: 0 };
}
