import type { Tables, WriteDatabase } from "../../data/drizzle/database.ts";
import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { HandledEvent } from "../inbox/event-routes.ts";
import type { RunClaim } from "./run-claim.ts";
import type { RunStore } from "./run-store.ts";
import type { AwaitedKey } from "./step-store.ts";

/** An event that a run waits for and that has arrived. */
export interface ReceivedEvent {
  readonly id: string;
  readonly payload: unknown;
  /** How long ago it arrived. */
  readonly ageMs: number;
}

/**
 * Stores an event that workflows wait for, in the transaction that takes the event, and makes the waiting runs due.
 *
 * The transaction keeps a lock until its commit. The transaction that puts a run to sleep takes the same lock: otherwise the run could go to sleep although its
 * event has just arrived.
 */
export async function keepAwaitedEvent(
  db: Pick<WriteDatabase<Tables>, "execute">,
  context: string,
  { id, producer, name, key = "", payload }: HandledEvent,
): Promise<void> {
  const event = `${producer}.${name}`;
  const table = (toolkitTable: string): SQL => sql`${sql.identifier(context)}.${sql.identifier(toolkitTable)}`;
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lockText(context, { event, key })}, 0))::text`);
  await db.execute(sql`insert into ${table("holon_awaited_events")} (event_id, event, ordered_key, payload)
    values (${id}::uuid, ${event}, ${key}, ${JSON.stringify(payload)}::text::json) on conflict do nothing`);
  await db.execute(sql`update ${table("holon_runs")} set wake_at = now() where state = 'sleeping' and leased_by is null and id in
    (select run_id from ${table("holon_steps")} where awaits = ${event} and awaits_key = ${key} and state = 'started')`);
}

/** The events that runs wait for. */
export class AwaitedEvents {
  readonly #runs: RunStore;
  readonly #find: string;

  constructor(runs: RunStore) {
    this.#runs = runs;
    const { own } = runs;
    this.#find = `
select e.event_id as id, e.payload, (extract(epoch from now() - e.received_at) * 1000)::float as "ageMs"
from ${own}.holon_awaited_events e join ${own}.holon_runs r on r.id = $1::text::uuid
where e.event = $2::text and e.ordered_key = $3::text and e.received_at >= r.created_at
  and not exists (select 1 from ${own}.holon_steps s where s.run_id = r.id and s.event_id = e.event_id
    and s.name <> all(array(select jsonb_array_elements_text($4::text::jsonb))))
order by e.received_at, e.event_id limit 1`;
  }

  /**
   * The first event that no step of the run has taken; undefined if there is none yet. An event that only the steps in `passedOn` have taken can be taken
   * again.
   */
  async find({ id }: RunClaim, { event, key }: AwaitedKey, passedOn: readonly string[]): Promise<ReceivedEvent | undefined> {
    const [found] = await this.#runs.rows<ReceivedEvent>("look for event", this.#find, [id, event, key, JSON.stringify(passedOn)]);
    return found;
  }

  /** Puts a run to sleep until the first of its waits is over, or until one of its events arrives. Returns whether this process still held the run. */
  sleep({ id, fence }: RunClaim, awaited: readonly AwaitedKey[], waitMs: number, state: "sleeping" | "waiting"): Promise<boolean> {
    const { own, context } = this.#runs;
    const locks = awaited.map((key) => lockText(context, key)).sort();
    return this.#runs.transaction("put run to sleep", async (tx) => {
      for (const lock of locks) await tx.db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))::text`);
      const text = `
update ${own}.holon_runs r set state = $5::text, leased_by = null, deaths = 0, wake_at = case when exists (
  select 1 from jsonb_to_recordset($3::text::jsonb) as a (event text, key text) join ${own}.holon_awaited_events e on e.event = a.event and e.ordered_key = a.key
  where e.received_at >= r.created_at and not exists (select 1 from ${own}.holon_steps s where s.run_id = r.id and s.event_id = e.event_id)
) then now() else now() + $4::text::float * interval '1 millisecond' end
where id = $1::text::uuid and fence = $2::text::bigint returning 1`;
      const rows = await tx.run({ text, params: [id, fence, JSON.stringify(awaited), String(waitMs), state], prepare: true, rows: "arrays" });
      return rows.length > 0;
    });
  }
}

function lockText(context: string, { event, key }: AwaitedKey): string {
  return JSON.stringify(["holon wait", context, event, key]);
}
