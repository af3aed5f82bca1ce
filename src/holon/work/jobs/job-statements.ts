import { type SQL, sql } from "../../data/drizzle/sql.ts";
import { quoteIdentifier } from "../../data/identifier.ts";
import { WAS_CUT_OFF, WAS_CUT_OFF_TEXT } from "../engine/cut-off.ts";
import { interval, texts, uuids, type WorkDatabase } from "../engine/work-database.ts";
import type { LostWork } from "../queue/handed-out.ts";

/** Identifies a row of the outbox. The position is not enough: positions start again when a database is restored. */
export interface OutboxPlace {
  readonly id: string;
  readonly position: number;
}

/** The columns of a {@link ClaimRow}. */
export const CLAIM = sql`id, name, data, attempts, failures, alone, run_by, traceparent, initiator, deduplication_key is not null as keyed, ${WAS_CUT_OFF} as was_cut_off`;

/** Greatest priority that queues accept. */
const GREATEST_PRIORITY = 2 ** 21 - 1;

/**
 * The priority of a job. A value that this version cannot read counts as no priority: a priority only decides which job is sooner, and must not hold up jobs.
 */
const PRIORITY = sql`case jsonb_typeof(options -> 'priority') when 'number' then
  case when (options ->> 'priority')::numeric between 0 and ${GREATEST_PRIORITY} then (options ->> 'priority')::numeric::int end end`;

/** The columns of a {@link SendableJob}. */
export const SENDABLE = sql`id, name, sent_count, greatest(0, extract(epoch from due_at - now()) * 1000)::double precision as delay_ms, ${PRIORITY} as priority, deaths > 0 as suspect`;

/**
 * Since when a waiting job could have been taken from its queue. Two indexes begin with the name and go on with this moment: `holon_jobs_unsent` has the jobs
 * that no queue has, `holon_jobs_sent` has those that were sent. Each query names one job name, one of the two conditions and this order. So it reads only the
 * rows that it returns, however many jobs are done, are due later, wait on their queue, or belong to other versions.
 */
const IDLE_SINCE = sql`greatest(sent_at, due_at)`;

/** Says which of the waiting jobs a query finds. */
interface WaitingJobs {
  /** The condition that finds these jobs by one of the two indexes. */
  readonly which: SQL;
  /** Finds only jobs that are at least as urgent as this; undefined for all. No index contains the priority. */
  readonly priority?: number;
}

/** Jobs that are due and that no queue has. */
const UNSENT: WaitingJobs = { which: sql`state = 'waiting' and sent_at is null and ${IDLE_SINCE} <= now()` };

/** Jobs that have been both due and sent for more than `forMs`, and have not run. Only those that are at least as urgent as `priority`. */
function unheardOf(forMs: number, priority = Number.POSITIVE_INFINITY): WaitingJobs {
  const which = sql`state = 'waiting' and sent_at is not null and ${IDLE_SINCE} < now() - ${interval(forMs)}`;
  return priority > GREATEST_PRIORITY ? { which } : { which, priority };
}

/**
 * Most jobs of a name that are read to find urgent ones. A million older jobs that are not urgent may wait on the same queue. An urgent job that has this many
 * older ones before it is found only when fewer jobs wait.
 */
const READ_COUNT = 5_000;

/** The long statements of {@link JobTable}, for one context. Statements that are fixed texts are built once, so that Postgres keeps their plans. */
export class JobStatements {
  readonly #jobs: SQL;
  readonly #outbox: SQL;
  readonly #names: readonly string[];
  readonly #isKnown: SQL;
  readonly note: string;
  readonly giveBackUnheard: string;
  readonly renew: string;
  /** For how long a job could have been taken from its queue. Units: milliseconds. */
  readonly idleMs = sql`(extract(epoch from now() - ${IDLE_SINCE}) * 1000)::double precision`;

  /** `names` are those of the jobs that this version has. */
  constructor(database: WorkDatabase, names: readonly string[]) {
    const jobs = `${quoteIdentifier(database.context)}.holon_jobs`;
    this.#jobs = database.table("holon_jobs");
    this.#outbox = database.table("holon_outbox");
    this.#names = names;
    this.#isKnown = sql`name = any(${texts(names)})`;
    this.note = noteText(jobs);
    this.giveBackUnheard = giveBackText(jobs);
    this.renew = renewText(jobs);
  }

  /**
   * Makes jobs of outbox rows, and settles the rows. A job that this version knows is marked as sent before it is sent: a second write of its row would cost as
   * much as the first. Shape: the {@link SENDABLE} columns of the jobs that this version knows.
   */
  takeOver(rows: readonly OutboxPlace[]): SQL {
    return sql`with taken as (
      update ${this.#outbox} set settled_at = now() where ${isAmong(rows)} and kind = 'job' and settled_at is null and ${IS_READABLE} returning *
    ), made as (
      insert into ${this.#jobs} (id, name, state, data, options, traceparent, initiator, deduplication_key, due_at, created_at, sent_count, sent_at)
      select id, name, 'waiting', payload, options, traceparent, initiator, options ->> 'deduplicationKey',
        created_at + coalesce((options ->> 'delayMs')::double precision, 0) * interval '1 millisecond', created_at,
        case when ${this.#isKnown} then 1 else 0 end, case when ${this.#isKnown} then now() end
      from taken order by position
      on conflict do nothing returning *
    )
    select ${SENDABLE} from made where sent_count = 1`;
  }

  /** Counts, by name, the jobs among these outbox rows that are not settled. */
  countUnsettled(rows: readonly OutboxPlace[]): SQL {
    return sql`select name, count(*)::int as count from ${this.#outbox} where ${isAmong(rows)} and kind = 'job' and settled_at is null group by name`;
  }

  /** Counts, by name, the jobs among these that this version does not know and that no version has sent. */
  countUnknown(ids: readonly string[]): SQL {
    return sql`select name, count(*)::int as count from ${this.#jobs} where id = any(${uuids(ids)}) and state = 'waiting' and sent_count = 0 and not ${this.#isKnown} group by name`;
  }

  /** Counts a death for jobs whose lease has ended, unless the database's clock is past `untilMs`. */
  reclaim(untilMs: number, count: number): SQL {
    return sql`update ${this.#jobs} set state = 'waiting', deaths = deaths + 1, due_at = now(), sent_at = null, run_by = null, leased_until = null
    where id in (select id from ${this.#jobs} where state = 'running' and leased_until < now() and extract(epoch from now()) * 1000 < ${untilMs}::double precision
      limit ${count} for update skip locked) returning name`;
  }

  /**
   * The names of known jobs that may be overdue: at least one job of the name is due and on no queue, or has been due and sent for more than `forMs` without a
   * run.
   */
  overdueNames(forMs: number): SQL {
    const kinds = this.#oldest([UNSENT, unheardOf(forMs)], 1);
    return sql`select n.name from unnest(${texts(this.#names)}) as n (name) cross join lateral (select id from (${kinds}) either limit 1) j`;
  }

  /** A condition: the job is one of the oldest jobs of these names that are due and that no queue has. */
  oldestUnsent(names: readonly string[], count: number, ofEach: number): SQL {
    return this.#oldestOf(names, [UNSENT], count, ofEach);
  }

  /** A condition: the job is one of the oldest jobs of these names that no queue has, or that their queue has lost. */
  oldestLost(names: readonly string[], { forMs, priority }: LostWork, count: number): SQL {
    return this.#oldestOf(names, [UNSENT, unheardOf(forMs, priority)], count, count);
  }

  /**
   * A condition: the job is one of the oldest jobs of these names and kinds. The rows of these jobs are locked. The names come in random order, so that a name
   * with very many waiting jobs does not keep the others from their turn. At most `ofEach` jobs are found of each name and kind, and `count` in all.
   */
  #oldestOf(names: readonly string[], kinds: readonly WaitingJobs[], count: number, ofEach: number): SQL {
    return sql`id = any(array(select j.id from (select name from unnest(${texts(names)}) as name order by random()) n
    cross join lateral (${this.#oldest(kinds, ofEach, sql`for update skip locked`)}) j limit ${count}))`;
  }

  /** The oldest jobs of the name `n.name`, of each kind. */
  #oldest(kinds: readonly WaitingJobs[], count: number, lock = sql``): SQL {
    const jobs = this.#jobs;
    const found = kinds.map(({ which, priority }) =>
      priority === undefined
        ? sql`select id from (select id from ${jobs} where name = n.name and ${which} order by ${IDLE_SINCE} limit ${count} ${lock}) k`
        : sql`select id from (
          select u.id from (select id, options from ${jobs} where name = n.name and ${which} order by ${IDLE_SINCE} limit ${READ_COUNT}) o
          cross join lateral (select id from ${jobs} where id = o.id and ${which} ${lock}) u where coalesce(${PRIORITY}, 0) <= ${priority} limit ${count}
        ) k`,
    );
    return sql.join(found, sql` union all `);
  }
}

/**
 * Writes claims and ends. Rows are found and locked one by one, by their ids: with a join, the planner was seen to read all waiting rows. Rows that other
 * sessions have locked are skipped: waiting for one would hold up all others of the batch.
 */
function noteText(jobs: string): string {
  return `
with wanted as (
  select w.* from unnest($2::text::uuid[]) as a (id) cross join lateral (select id, state, deaths, due_at from ${jobs} where id = a.id for update skip locked) w
), ends as (
  select h.*, e.result::json from json_to_recordset($1::text::json) as e (id uuid, attempt int, by text, result text)
    cross join lateral (select id, state, attempts, run_by from ${jobs} where id = e.id for update skip locked) h
  where h.state = 'running' and h.attempts = e.attempt and h.run_by = e.by
), ended as (
  update ${jobs} j set state = 'done', result = e.result, reason = null, settled_at = now(), run_by = null, leased_until = null
  from ends e where j.id = e.id returning j.id
), claimed as (
  update ${jobs} j set state = 'running', attempts = j.attempts + 1, alone = false, run_by = $3::text, running_since = now(),
    leased_until = now() + $4::double precision * interval '1 millisecond', progress = null
  from wanted w where j.id = w.id and w.state = 'waiting' and w.deaths < $5::int and w.due_at <= now() + $6::double precision * interval '1 millisecond'
  returning j.id, name, data, attempts, failures, alone, run_by, traceparent, initiator, deduplication_key is not null as keyed, ${WAS_CUT_OFF_TEXT} as was_cut_off
)
select false as is_end, * from claimed
union all select true, id, null, null, null, null, null, null, null, null, null, null from ended`;
}

/** Gives back those claims of these keys that are still held. Their runs have not begun, so no attempt is counted. Locked rows are skipped. */
function giveBackText(jobs: string): string {
  return `
with free as (
  select k.n, f.id from json_to_recordset($1::text::json) as k (n int, id uuid, fence text)
    cross join lateral (select id from ${jobs} where id = k.id and state = 'running' and run_by = k.fence for no key update skip locked) f
)
update ${jobs} j set state = 'waiting', attempts = j.attempts - 1, sent_at = null, run_by = null, leased_until = null from free f where j.id = f.id returning f.n`;
}

/** Returns which of these keys are still held, and whether each was renewed. */
function renewText(jobs: string): string {
  return `
with held as (
  select k.n, k.id, k.fence from json_to_recordset($1::text::json) as k (n int, id uuid, fence text)
    cross join lateral (select 1 from ${jobs} where id = k.id and state = 'running' and run_by = k.fence) h
), free as (
  select h.n, f.id from held h
    cross join lateral (select id from ${jobs} where id = h.id and state = 'running' and run_by = h.fence for no key update skip locked) f
), renewed as (
  update ${jobs} j set leased_until = now() + $2::double precision * interval '1 millisecond' from free f where j.id = f.id returning f.n
)
select h.n, r.n is not null as renewed from held h left join renewed r on r.n = h.n`;
}

/** A condition: the row of the outbox is one of these. The outbox has an index of positions, but no index of ids. */
function isAmong(rows: readonly OutboxPlace[]): SQL {
  return sql`position = any(${`{${rows.map(({ position }) => position).join(",")}}`}::bigint[]) and id = any(${uuids(rows.map(({ id }) => id))})`;
}

/** Greatest delay that counts as readable. The greatest delay that a caller may set is much shorter. */
const GREATEST_READABLE_DELAY_MS = 1e12;

/** A condition: the delay of an outbox row can be read. A row that this version cannot read stays in the outbox, and does not hold up other jobs. */
const IS_READABLE = sql`case jsonb_typeof(options -> 'delayMs')
  when 'number' then (options ->> 'delayMs')::numeric between 0 and ${GREATEST_READABLE_DELAY_MS} else options ->> 'delayMs' is null end`;
