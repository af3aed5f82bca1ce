import { quoteIdentifier } from "../identifier.ts";
import { LATER_SOURCES } from "./later-sources.ts";
import { type Migration, toMigration } from "./migration.ts";

/**
 * The migrations of the toolkit's own tables, oldest first. Every context's schema has these tables. A published entry is never edited; a change is a new entry
 * at the end of {@link LATER_SOURCES}. `%s` stands for the schema. The migrator makes the journal itself.
 */
const SOURCES: readonly { readonly name: string; readonly sql: string }[] = [
  {
    name: "0000_work_that_waits",
    sql: `
-- What a transaction wants to happen after it: events to tell, jobs and workflows to start. Written in that transaction.
create table %s.holon_outbox (
  position bigint generated always as identity primary key,
  -- Identifies the row for ever: positions begin anew when a database is restored.
  id uuid not null default gen_random_uuid(),
  kind text not null check (kind in ('event', 'job', 'workflow')),
  name text not null,
  ordered_key text,
  -- 1, 2, 3 ... without gap per (name, ordered_key), in commit order.
  key_number bigint,
  payload jsonb not null,
  options jsonb,
  traceparent text,
  initiator jsonb not null,
  -- A reader that follows positions must wait for lower transactions that are still open: pg_snapshot_xmin tells.
  transaction_id xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default now(),
  leased_by text,
  leased_until timestamptz,
  sent_count integer not null default 0,
  -- When the last subscriber acknowledged, or the job ended.
  settled_at timestamptz,
  check ((ordered_key is null) = (key_number is null))
);
--> statement-breakpoint
create unique index holon_outbox_order on %s.holon_outbox (name, ordered_key, key_number) where ordered_key is not null;
--> statement-breakpoint
create index holon_outbox_open on %s.holon_outbox (position) where settled_at is null;
--> statement-breakpoint
create index holon_outbox_settled on %s.holon_outbox (settled_at) where settled_at is not null;
--> statement-breakpoint
-- The last number of each ordered key; its row lock makes numbers follow commits.
create table %s.holon_order (
  name text not null,
  ordered_key text not null,
  last_number bigint not null,
  primary key (name, ordered_key)
);
--> statement-breakpoint
-- Who hears this context's events, also while it is not running. Removed by command only.
create table %s.holon_subscribers (
  subscriber text not null,
  event text not null,
  after_position bigint not null,
  created_at timestamptz not null default now(),
  primary key (subscriber, event)
);
--> statement-breakpoint
-- What became of one event at one subscriber.
create table %s.holon_deliveries (
  position bigint not null references %s.holon_outbox (position) on delete cascade,
  subscriber text not null,
  sent_count integer not null default 0,
  sent_at timestamptz,
  acknowledged_at timestamptz,
  primary key (position, subscriber)
);
--> statement-breakpoint
create index holon_deliveries_open on %s.holon_deliveries (sent_at) where acknowledged_at is null;
--> statement-breakpoint
-- Events of others that this context has taken: written in the transaction of their effect, so that it happens once.
create table %s.holon_inbox (
  producer text not null,
  event_id uuid not null,
  name text not null,
  position bigint not null,
  ordered_key text,
  key_number bigint,
  state text not null check (state in ('done', 'held', 'parked', 'skipped')),
  -- Kept only while held or parked.
  payload jsonb,
  reason text,
  attempts integer not null default 0,
  traceparent text,
  received_at timestamptz not null default now(),
  settled_at timestamptz,
  primary key (producer, event_id)
);
--> statement-breakpoint
create index holon_inbox_order on %s.holon_inbox (producer, name, ordered_key, key_number) where ordered_key is not null;
--> statement-breakpoint
create index holon_inbox_waiting on %s.holon_inbox (state, received_at) where state in ('held', 'parked');
--> statement-breakpoint
create index holon_inbox_settled on %s.holon_inbox (settled_at) where settled_at is not null;
--> statement-breakpoint
-- Runs of a job that is on a queue: counted before each run, so that a run which kills its process is seen.
create table %s.holon_jobs (
  id uuid primary key,
  name text not null,
  state text not null check (state in ('running', 'waiting', 'done', 'failed')),
  attempts integer not null default 0,
  deaths integer not null default 0,
  deaths_alone integer not null default 0,
  run_by text,
  running_since timestamptz,
  progress json,
  result json,
  reason text,
  created_at timestamptz not null default now(),
  settled_at timestamptz
);
--> statement-breakpoint
create index holon_jobs_state on %s.holon_jobs (state, running_since);
`,
  },
  {
    name: "0001_keys_and_runs",
    sql: `
-- Idempotency keys. The answer is json, not jsonb: it must come back as it was written, its order of names too.
create table %s.holon_keys (
  principal text not null,
  procedure text not null,
  key text not null,
  request_hash text not null,
  state text not null check (state in ('claimed', 'done')),
  -- Until when the claim holds; a claim that ran out is taken over with the next attempt.
  lease_until timestamptz,
  attempt integer not null default 1,
  answer json,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (principal, procedure, key),
  check ((state = 'claimed') = (lease_until is not null))
);
--> statement-breakpoint
create index holon_keys_expires on %s.holon_keys (expires_at);
--> statement-breakpoint
create table %s.holon_runs (
  id uuid primary key default gen_random_uuid(),
  workflow text not null,
  version integer not null,
  key text not null,
  state text not null check (state in ('waiting', 'running', 'sleeping', 'undoing', 'done', 'undone', 'stuck')),
  input json not null,
  result json,
  reason text,
  -- One runner at a time: each takes the next fence and writes under it only.
  fence bigint not null default 0,
  leased_by text,
  leased_until timestamptz,
  wake_at timestamptz,
  awaits_event text,
  traceparent text,
  initiator jsonb not null,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  unique (workflow, key)
);
--> statement-breakpoint
create index holon_runs_open on %s.holon_runs (state, wake_at) where settled_at is null;
--> statement-breakpoint
create table %s.holon_steps (
  run_id uuid not null references %s.holon_runs (id) on delete cascade,
  name text not null,
  ordinal integer not null,
  kind text not null,
  state text not null check (state in ('started', 'done', 'failed', 'undoing', 'undone', 'tombstone')),
  attempts integer not null default 0,
  result json,
  reason text,
  started_at timestamptz not null default now(),
  settled_at timestamptz,
  primary key (run_id, name)
);
`,
  },
  {
    name: "0002_jobs_and_schedules",
    sql: `
-- A job is taken over from the outbox whole: its life is then its own, and its row is kept as long as it may be run again.
alter table %s.holon_jobs
  add column data jsonb,
  add column options jsonb,
  add column traceparent text,
  add column initiator jsonb,
  -- Held until its first run begins.
  add column deduplication_key text,
  -- Runs that ended in an error since it was last run again by hand; deaths are counted apart.
  add column failures integer not null default 0,
  add column alone boolean not null default false,
  add column leased_until timestamptz,
  add column due_at timestamptz not null default now(),
  -- Each time it is put on a queue it has a new id there.
  add column sent_count integer not null default 0,
  add column sent_at timestamptz;
--> statement-breakpoint
create unique index holon_jobs_deduplication on %s.holon_jobs (name, deduplication_key) where deduplication_key is not null;
--> statement-breakpoint
create index holon_jobs_due on %s.holon_jobs (due_at) where state = 'waiting';
--> statement-breakpoint
create index holon_jobs_leased on %s.holon_jobs (leased_until) where state = 'running';
--> statement-breakpoint
create index holon_jobs_settled on %s.holon_jobs (settled_at) where settled_at is not null;
--> statement-breakpoint
create table %s.holon_schedules (
  name text primary key,
  cron text not null,
  time_zone text not null,
  next_at timestamptz not null,
  fired_at timestamptz
);
`,
  },
  {
    name: "0003_events",
    sql: `
create index holon_outbox_unsent on %s.holon_outbox (position) where settled_at is null and sent_count = 0;
--> statement-breakpoint
alter table %s.holon_inbox
  -- Number of the event of this key that must be done before; none where this one may be worked off at once.
  add column needs bigint,
  -- Whether that one is known to come: an old one may be forgotten on both sides.
  add column needs_surely boolean not null default false,
  add column initiator jsonb,
  -- When a held event is worked off; none while it waits for another one.
  add column retry_at timestamptz;
--> statement-breakpoint
create index holon_inbox_due on %s.holon_inbox (retry_at) where state = 'held' and retry_at is not null;
`,
  },
  {
    name: "0004_workflows",
    sql: `
drop index %s.holon_runs_open;
--> statement-breakpoint
-- 'wake_at' is when a runner may take the run: at once, at the end of its wait, or of the lease of the runner that has it. None: never.
alter table %s.holon_runs
  drop column leased_until,
  drop column awaits_event,
  add column input_hash text not null default '',
  -- What its body failed with: code, message, details.
  add column error json,
  add column claimed_at timestamptz,
  -- Runners that died with it since it last got anywhere.
  add column deaths integer not null default 0;
--> statement-breakpoint
create index holon_runs_due on %s.holon_runs (wake_at) where wake_at is not null;
--> statement-breakpoint
create index holon_runs_settled on %s.holon_runs (settled_at) where settled_at is not null;
--> statement-breakpoint
create index holon_runs_stuck on %s.holon_runs (created_at) where state = 'stuck';
--> statement-breakpoint
alter table %s.holon_steps
  drop constraint holon_steps_state_check,
  -- Each step is written under the lock of its run anyway; to look for the run once more took as long as the rest of the statement.
  drop constraint holon_steps_run_id_fkey,
  add constraint holon_steps_state_check check (state in ('started', 'done', 'failed', 'undone')),
  -- Whether it may have had its effect without a result.
  add column in_doubt boolean not null default false,
  -- Whether others were under way when the body came to it.
  add column concurrent boolean not null default false,
  add column error json,
  add column undo_attempts integer not null default 0,
  -- Of a sleep, or of a wait that gives up.
  add column wake_at timestamptz,
  add column awaits text,
  add column awaits_key text,
  add column event_id uuid;
--> statement-breakpoint
create index holon_steps_awaits on %s.holon_steps (awaits, awaits_key) where awaits is not null and state = 'started';
--> statement-breakpoint
-- Events that workflows wait for: written in the transaction of the inbox, kept for runs that come to wait later.
create table %s.holon_awaited_events (
  event_id uuid primary key,
  event text not null,
  ordered_key text not null,
  payload json not null,
  received_at timestamptz not null default now()
);
--> statement-breakpoint
create index holon_awaited_events_key on %s.holon_awaited_events (event, ordered_key, received_at);
--> statement-breakpoint
create index holon_awaited_events_age on %s.holon_awaited_events (received_at);
--> statement-breakpoint
-- Calls of runs and what undoes them find each other here, whatever procedure they are of.
create index holon_keys_runs on %s.holon_keys (key, principal) where principal like 'system:%/workflow %';
`,
  },
  {
    name: "0005_watch",
    sql: `
-- The highest position of each event of which rows were removed: who resumes before it has missed some.
create table %s.holon_removed (
  name text primary key,
  position bigint not null
);
`,
  },
];

/** The toolkit's migrations for one schema. Their hashes do not depend on the schema's name. */
export function toolkitMigrations(schema: string): readonly Migration[] {
  return [...SOURCES, ...LATER_SOURCES].map(({ name, sql }) => {
    const migration = toMigration(name, sql.trim());
    return { ...migration, statements: migration.statements.map((statement) => statement.replaceAll("%s", quoteIdentifier(schema))) };
  });
}
