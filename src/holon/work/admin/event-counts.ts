import { sql } from "../../data/index.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { EventCounts } from "./work-console.ts";

/** Counts what waits in the outbox and the inbox of a context. */
export async function countEvents(database: WorkDatabase): Promise<EventCounts> {
  const [outbox, inbox] = [database.table("holon_outbox"), database.table("holon_inbox")];
  const [row] = await database.rows<EventCounts>(
    "count events",
    sql`select o.count as "outboxCount", o.lag as "outboxLagMs", i.held as "heldCount", i.parked as "parkedCount"
        from (select count(*)::int as count, coalesce(extract(epoch from now() - min(created_at)) * 1000, 0)::double precision as lag
              from ${outbox} where settled_at is null) o,
             (select count(*) filter (where state = 'held')::int as held, count(*) filter (where state = 'parked')::int as parked
              from ${inbox} where state in ('held', 'parked')) i`,
  );
  return row ?? { outboxCount: 0, outboxLagMs: 0, heldCount: 0, parkedCount: 0 };
}
