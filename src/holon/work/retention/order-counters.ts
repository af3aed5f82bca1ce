import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { Removal, Retention } from "../engine/sweeper.ts";
import { interval } from "../engine/work-database.ts";
import { lagOf, type SweptDatabase } from "./aged-rows.ts";

/**
 * Removes the counters of keys that have no events any more, so that `holon_order` does not grow for ever.
 *
 *     in use  --a check notes the number and the time-------------->  marked
 *     marked  --a later check finds another number, or an event---->  marked again, with the number and the time of that check
 *     marked  --a check after the time finds the same, no event---->  removed
 *
 * I1. A counter is removed only if no event took a number from it for the whole time. The mark contains the number at its moment, so this is seen whichever
 *     version took a number: earlier versions write neither the number nor the moment of a mark.
 * I2. A counter is removed only if no event of its key is in the outbox: an event that is not acknowledged, or is kept for watchers, keeps its counter.
 * I3. A counter is removed only if the counter that replaces it would begin after it, see OutboxStatements: no number is given twice.
 * I4. A transaction that takes a number right now has locked the counter, which is skipped then. A later transaction waits, and begins a new counter.
 */
export class OrderCounters implements Retention {
  readonly table = "holon_order";
  readonly #database: SweptDatabase;
  readonly #keptMs: number;

  constructor(database: SweptDatabase, keptMs: number) {
    this.#database = database;
    this.#keptMs = keptMs;
  }

  readonly remove = async (count: number): Promise<Removal> => {
    const [counters, outbox, removed] = ["holon_order", "holon_outbox", "holon_removed"].map((name) => this.#database.table(name));
    const [found] = await this.#database.rows<{ seen: number; removed: number }>(
      "remove counters of keys without events",
      sql`with seen as (
          select name, ordered_key, last_number, idle_number from ${counters}
          where idle_since < now() - ${interval(this.#keptMs)} order by idle_since limit ${count} for update skip locked
        ), judged as (
          select name, ordered_key, idle_number = last_number
            and not exists (select 1 from ${outbox} o where o.name = s.name and o.ordered_key = s.ordered_key)
            and last_number <= (select position from ${removed} r where r.name = s.name) as is_over
          from seen s
        ), gone as (
          delete from ${counters} c using judged j where j.is_over and c.name = j.name and c.ordered_key = j.ordered_key returning 1
        ), marked as (
          update ${counters} c set idle_since = now(), idle_number = c.last_number from judged j
          where j.is_over is not true and c.name = j.name and c.ordered_key = j.ordered_key
        )
        select (select count(*)::int from seen) as seen, (select count(*)::int from gone) as removed`,
    );
    return { removedCount: found?.removed ?? 0, isFull: found?.seen === count };
  };

  /** How long ago the counter that was checked longest ago should have been checked again, in milliseconds. */
  lag(): SQL {
    const counters = this.#database.table(this.table);
    return lagOf(
      sql`select idle_since from ${counters} where idle_since < now() - ${interval(this.#keptMs)} order by idle_since limit 1`,
      this.#keptMs,
    );
  }
}
