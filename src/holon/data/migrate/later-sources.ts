/**
 * Additions to the toolkit's own tables after the first version, oldest first. A published entry is never edited; a change is a new entry at the end. `%s`
 * stands for the schema.
 */
export const LATER_SOURCES: readonly { readonly name: string; readonly sql: string }[] = [
  {
    name: "0006_retention",
    sql: `
alter table %s.holon_order
  -- Since when nothing was seen to use this key, at 'idle_number'. A counter whose number is another one by now is in use.
  add column idle_since timestamptz default now(),
  add column idle_number bigint;
`,
  },
  {
    name: "0007_retention_indexes",
    sql: `
-- holon:no-transaction
-- holon: compatible: the indexes that go are replaced, and no statement needs them to be right
-- Indexes are made while others write. After a crash in between, all is run again.
drop index concurrently if exists %s.holon_order_idle;
--> statement-breakpoint
create index concurrently holon_order_idle on %s.holon_order (idle_since);
--> statement-breakpoint
drop index concurrently if exists %s.holon_jobs_done;
--> statement-breakpoint
create index concurrently holon_jobs_done on %s.holon_jobs (settled_at) where state = 'done';
--> statement-breakpoint
drop index concurrently if exists %s.holon_jobs_failed;
--> statement-breakpoint
create index concurrently holon_jobs_failed on %s.holon_jobs (settled_at) where state = 'failed';
--> statement-breakpoint
-- Two partial indexes stand for it: done jobs go after an hour, failed ones after weeks.
drop index concurrently if exists %s.holon_jobs_settled;
--> statement-breakpoint
-- Each state has an index of its own.
drop index concurrently if exists %s.holon_jobs_state;
`,
  },
  {
    name: "0008_answers_in_order",
    sql: `
-- Place of a step's answer in the order in which the body of its run learnt answers. None: not ended, or recorded by a version without it.
alter table %s.holon_steps add column answer_number integer;
`,
  },
  {
    name: "0009_waiting",
    sql: `
-- holon:no-transaction
-- holon: compatible: the index that goes is made again, and no statement needs it to be right
drop index concurrently if exists %s.holon_deliveries_waiting;
--> statement-breakpoint
-- Deliveries that wait for room on the queue of their subscriber: empty while all subscribers keep up.
create index concurrently holon_deliveries_waiting on %s.holon_deliveries (subscriber, position) where acknowledged_at is null and sent_count = 0 and sent_at is not null;
`,
  },
  {
    name: "0010_sent",
    sql: `
-- holon:no-transaction
-- holon: compatible: the index that goes is made again, and no statement needs it to be right
drop index concurrently if exists %s.holon_deliveries_sent;
--> statement-breakpoint
-- Deliveries that were sent and are not acknowledged: as many as the queues hold. Processes of the version before still read holon_deliveries_open, which
-- holds those that wait for room as well: a later version removes it.
create index concurrently holon_deliveries_sent on %s.holon_deliveries (subscriber, position) where acknowledged_at is null and sent_count > 0;
`,
  },
  {
    name: "0011_jobs_that_wait",
    sql: `
-- holon:no-transaction
-- holon: compatible: the indexes that go are made again, and no statement needs them to be right
drop index concurrently if exists %s.holon_jobs_unsent;
--> statement-breakpoint
-- Jobs that wait and that no queue has, by the moment they are due: few, unless queues are away or only another version knows the jobs.
create index concurrently holon_jobs_unsent on %s.holon_jobs (name, greatest(sent_at, due_at)) where state = 'waiting' and sent_at is null;
--> statement-breakpoint
drop index concurrently if exists %s.holon_jobs_sent;
--> statement-breakpoint
-- Jobs that wait and were sent, by the moment since which their queue could have handed them out.
create index concurrently holon_jobs_sent on %s.holon_jobs (name, greatest(sent_at, due_at)) where state = 'waiting' and sent_at is not null;
`,
  },
  {
    name: "0012_events_that_wait",
    sql: `
-- holon:no-transaction
-- holon: compatible: the indexes that go are made again, and no statement needs them to be right
drop index concurrently if exists %s.holon_inbox_due_names;
--> statement-breakpoint
-- Held events by the moment they are due, of each name apart: there may be many that only another version handles. Processes of the version before still read
-- holon_inbox_due, which has them all: a later version removes it.
create index concurrently holon_inbox_due_names on %s.holon_inbox (producer, name, retry_at, position) where state = 'held' and retry_at is not null;
--> statement-breakpoint
drop index concurrently if exists %s.holon_inbox_undecided;
--> statement-breakpoint
-- Events that later ones of their key wait for: few, where the key has a month of events that are done.
create index concurrently holon_inbox_undecided on %s.holon_inbox (producer, name, ordered_key, position) where ordered_key is not null and state in ('held', 'parked');
`,
  },
  {
    name: "0013_undo_failures",
    sql: `
-- Attempts to undo a step that failed, and not because the database, a callee or the provider was away: 'undo_attempts' counts all.
alter table %s.holon_steps add column undo_failures integer not null default 0;
`,
  },
  {
    name: "0014_runs_by_version",
    sql: `
-- holon:no-transaction
-- holon: compatible: the indexes that go are made again, and no statement needs them to be right
drop index concurrently if exists %s.holon_runs_ready;
--> statement-breakpoint
-- Runs by the version that knows them: one that this process has no body for is not read. Processes of the version before still read holon_runs_due.
create index concurrently holon_runs_ready on %s.holon_runs (workflow, version, wake_at) where wake_at is not null and deaths < 2;
--> statement-breakpoint
drop index concurrently if exists %s.holon_runs_suspect;
--> statement-breakpoint
-- Those that may kill their runners: few.
create index concurrently holon_runs_suspect on %s.holon_runs (workflow, version, wake_at) where wake_at is not null and deaths >= 2;
`,
  },
  {
    name: "0015_step_failures",
    sql: `
-- Attempts that count as failures of the step: 'attempts' counts all that began. From now on 'reason' says why the last one failed.
alter table %s.holon_steps add column failures integer not null default 0;
`,
  },
];
