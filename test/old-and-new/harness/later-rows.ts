import type { Fleet } from "../../faults/harness/fleet.ts";

/** Columns whose check constraints allow more values in a later version. A compatible migration may change tables in this way. */
const CHECKS = [
  ["orders", "holon_outbox", "kind"],
  ["orders", "holon_jobs", "state"],
  ["orders", "holon_runs", "state"],
  ["orders", "holon_steps", "state"],
  ["stock", "holon_inbox", "state"],
] as const;

const ID = "00000000-0000-4000-8000-00000000000";
/** The beginning of the ids of later events. There are more of them than a process takes at once. */
const LATER_EVENT = "00000000-0000-4000-8000-000000001";

/** An event that each version knows, due after many events of a later version. Its payload is invalid, so it is parked when it is handled. */
export const OWN_EVENT = "00000000-0000-4000-9000-000000000000";

/** An event that only a later version knows, in the form in which it is sent. */
export const SENT_EVENT = {
  ...{ id: "00000000-0000-4000-9000-000000000001", position: 1, name: "later", payload: { id: "later" }, key: null, keyNumber: null, needs: null },
  ...{ needsSurely: false, traceparent: null, initiator: { kind: "anonymous" } },
};

/** A job that only a later version knows. */
export const LATER_JOB = `${ID}1`;

const ANYBODY = '{"kind":"anonymous"}';

/**
 * Writes work of both contexts that only a later version understands, all of it due. Some of it belongs to runs of a known version of the workflow.
 */
export async function writeLaterRows(fleet: Fleet, version: number): Promise<void> {
  const sql = fleet.sql("orders");
  for (const [context, table, column] of CHECKS) await sql.unsafe(`alter table ${context}.${table} drop constraint ${table}_${column}_check`);
  await sql.unsafe(`
    insert into orders.holon_migrations (source, name, ordinal, hash, compatible) values
      ('holon', '9999_later', 99, '', true), ('context', '9999_later', 99, '', true);
    insert into orders.holon_outbox (kind, name, payload, initiator) values ('promise', 'later', '{}', '${ANYBODY}');
    insert into orders.holon_jobs (id, name, state, data, initiator) values
      ('${LATER_JOB}', 'later', 'waiting', '{"id":"later"}', '${ANYBODY}'), ('${ID}2', 'receipt', 'resting', '{"id":"later"}', '${ANYBODY}');
    insert into orders.holon_schedules (name, cron, time_zone, next_at) values ('later', '* * * * * *', 'UTC', '2000-01-01');
    insert into orders.holon_runs (id, workflow, version, key, state, input, initiator, wake_at, fence) values
      ('${ID}1', 'later', 1, 'later', 'waiting', '{"id":"later"}', '${ANYBODY}', '2000-01-01', 0),
      ('${ID}2', 'fulfil', 9, 'later-2', 'waiting', '{"id":"later"}', '${ANYBODY}', '2000-01-01', 0),
      ('${ID}3', 'fulfil', ${version}, 'later-3', 'resting', '{"id":"later"}', '${ANYBODY}', '2000-01-01', 0),
      ('${ID}4', 'fulfil', ${version}, 'later-4', 'waiting', '{"id":"later"}', '${ANYBODY}', '2000-01-01', 1),
      ('${ID}5', 'fulfil', ${version}, 'later-5', 'waiting', '{"id":"later"}', '${ANYBODY}', '2000-01-01', 1);
    insert into orders.holon_steps (run_id, name, ordinal, kind, state) values
      ('${ID}4', 'reserve', 0, 'signal', 'started'), ('${ID}5', 'reserve', 0, 'call', 'resting');
    insert into stock.holon_inbox (producer, event_id, name, position, state, payload, initiator, retry_at) values
      ('orders', '${ID}2', 'placed', 1, 'resting', '{"id":"later"}', '${ANYBODY}', '2000-01-01'),
      ('orders', '${OWN_EVENT}', 'placed', 1, 'held', '{}', '${ANYBODY}', '2001-01-01');
    insert into stock.holon_inbox (producer, event_id, name, position, state, payload, initiator, retry_at)
      select 'orders', ('${LATER_EVENT}' || lpad(n::text, 3, '0'))::uuid, 'later', n, 'held', '{"id":"later"}', '${ANYBODY}', '2000-01-01' from generate_series(1, 100) n`);
}

/** The state of an event at `stock`. */
export async function stateOfEvent(fleet: Fleet, id: string): Promise<unknown> {
  const [row] = await fleet.sql("stock")`select state from stock.holon_inbox where event_id = ${id}`;
  return row?.["state"];
}

/** The current state of the rows that {@link writeLaterRows} wrote. */
export async function laterRows(fleet: Fleet): Promise<unknown> {
  return fleet.sql("orders").unsafe(`
    select 'outbox' as of, to_jsonb(r) as row from orders.holon_outbox r where kind = 'promise'
    union all select 'job', to_jsonb(r) from orders.holon_jobs r where id::text like '${ID}%'
    union all select 'schedule', to_jsonb(r) from orders.holon_schedules r where name = 'later'
    union all select 'run', to_jsonb(r) from orders.holon_runs r where id::text like '${ID}%'
    union all select 'step', to_jsonb(r) from orders.holon_steps r where run_id::text like '${ID}%'
    union all select 'event', to_jsonb(r) from stock.holon_inbox r where event_id::text like '${LATER_EVENT}%' or state = 'resting'
    order by 1, 2`);
}
