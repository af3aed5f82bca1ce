import { type SQL, sql } from "../../data/index.ts";
import { interval } from "../engine/work-database.ts";
import type { EndedRun, JobClaim } from "./job-claim.ts";

/** The columns of a {@link ClaimRow}. */
export const CLAIM = sql`id, name, data, attempts, failures, alone, run_by, traceparent, initiator, deduplication_key is not null as keyed`;

/** The columns of a {@link SendableJob}. */
export const SENDABLE = sql`id, name, sent_count, greatest(0, extract(epoch from due_at - now()) * 1000)::double precision as delay_ms, (options ->> 'priority')::int as priority, deaths > 0 as suspect`;

/** An end as an object of JSON, with the result as it is. */
export function toRecord({ claim: { id, attempt, runBy: by }, result = "null" }: EndedRun): string {
  return `${JSON.stringify({ id, attempt, by }).slice(0, -1)},"result":${result}}`;
}

/** Whether a row is that of a claim which still holds. */
export function held(claim: JobClaim): SQL {
  return sql`id = ${claim.id}::uuid and state = 'running' and attempts = ${claim.attempt} and run_by = ${claim.runBy}`;
}

/**
 * Rows are found and locked one by one, by their ids: told more, the planner was seen to read all that waits. None is waited for: one that another session
 * has locked would hold up all others of the page.
 */
export function noteText(jobs: string): string {
  return `
with wanted as (
  select w.* from unnest($2::text::uuid[]) as a (id) cross join lateral (select id, state, deaths, due_at from ${jobs} where id = a.id for update skip locked) w
), ends as (
  select h.*, e.result from json_to_recordset($1::text::json) as e (id uuid, attempt int, by text, result json)
    cross join lateral (select id, state, attempts, run_by from ${jobs} where id = e.id for update skip locked) h
  where h.state = 'running' and h.attempts = e.attempt and h.run_by = e.by
), ended as (
  update ${jobs} j set state = 'done', result = e.result, reason = null, settled_at = now(), run_by = null, leased_until = null
  from ends e where j.id = e.id returning j.id
), claimed as (
  update ${jobs} j set state = 'running', attempts = j.attempts + 1, alone = false, run_by = $3::text, running_since = now(),
    leased_until = now() + $4::double precision * interval '1 millisecond', progress = null
  from wanted w where j.id = w.id and w.state = 'waiting' and w.deaths < $5::int and w.due_at <= now() + $6::double precision * interval '1 millisecond'
  returning j.id, name, data, attempts, failures, alone, run_by, traceparent, initiator, deduplication_key is not null as keyed
)
select false as is_end, * from claimed
union all select true, id, null, null, null, null, null, null, null, null, null from ended`;
}

/** What tells a lease from all others. */
export function leaseKey({ id, runBy }: JobClaim): object {
  return { id, by: runBy };
}

/** What of these keys is still held, and whether it was renewed. */
export function renewText(jobs: string): string {
  return `
with held as (
  select k.n, k.id, k.by from json_to_recordset($1::text::json) as k (n int, id uuid, by text)
    cross join lateral (select 1 from ${jobs} where id = k.id and state = 'running' and run_by = k.by) h
), free as (
  select h.n, f.id from held h
    cross join lateral (select id from ${jobs} where id = h.id and state = 'running' and run_by = h.by for no key update skip locked) f
), renewed as (
  update ${jobs} j set leased_until = now() + $2::double precision * interval '1 millisecond' from free f where j.id = f.id returning f.n
)
select h.n, r.n is not null as renewed from held h left join renewed r on r.n = h.n`;
}

/** Whether a row is of a job that is due, and that no queue got for so long. */
export function isOverdue(resendAfterMs: number): SQL {
  return sql`state = 'waiting' and due_at <= now() and (sent_at is null or greatest(sent_at, due_at) < now() - ${interval(resendAfterMs)})`;
}
