import { quoteIdentifier, type SQL, sql } from "../../data/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { Renewal } from "../engine/leases.ts";
import { interval } from "../engine/work-database.ts";
import { type ClaimRow, type EndedRun, type JobClaim, toClaim } from "./job-claim.ts";
import { type JobDatabase, uuids } from "./job-database.ts";
import type { SendableJob } from "./job-queues.ts";

/** Deaths of a process in which a job was running, after which it is run alone. */
export const DEATHS_BEFORE_ALONE = 2;

/** Deaths while running alone, after which a job is set aside. */
export const DEATHS_ALONE_BEFORE_FAILED = 3;

/** The reason of a job that was set aside for its deaths. */
export const CRASHED = "crashed its process";

/** How early a queue may hand out a job: its clock and the database's are two. */
const EARLY_MS = 1_000;

/** What the row of a job says of its runs. */
export interface JobStanding {
  readonly id: string;
  readonly state: "running" | "waiting" | "done" | "failed";
  readonly attempts: number;
  readonly deaths: number;
  readonly run_by: string | null;
  /** False if a queue has handed it out early: it goes by the clock of a process. */
  readonly is_due: boolean;
}

/** What became of claims and ends that were written together. */
export interface NotedPage {
  readonly claimed: Map<string, JobClaim>;
  readonly ended: Set<string>;
}

/**
 * The runs of a context's jobs, as `holon_jobs` counts them.
 *
 *     waiting --claim--> running --complete--> done
 *     running --fail--> waiting (again, later) or failed (attempts are up)
 *     running --the lease ends--> waiting, one death more        (see JobSweeper)
 *     running alone --its process dies--> waiting, or failed after 3
 *     failed --rerun--> waiting
 */
export class JobRuns {
  readonly #database: JobDatabase;
  readonly #jobs: SQL;
  readonly #clock: Clock;
  readonly #runner: string;
  readonly #note: string;
  /** How leases are renewed; also by a second thread. Its keys are those of {@link leaseKey}. */
  readonly renewal: string;
  #claimCount = 0;

  /** `runner` tells the claims of this process from those of others; it is not needed by what claims nothing. */
  constructor(database: JobDatabase, clock: Clock, runner = "") {
    this.#database = database;
    this.#clock = clock;
    this.#runner = runner;
    this.#jobs = database.jobs;
    const table = `${quoteIdentifier(database.context)}.holon_jobs`;
    this.#note = noteText(table);
    this.renewal = renewText(table);
  }

  /**
   * Takes a waiting job for a run, and writes so before it begins.
   *
   * Shape: undefined where it is not to be run now, or not in this way: one that was active in two deaths is run alone.
   */
  async claim(id: string, leaseMs: number, alone: boolean): Promise<JobClaim | undefined> {
    const sinceMs = this.#clock.monotonicMs();
    const way = alone ? sql`deaths >= ${DEATHS_BEFORE_ALONE}` : sql`deaths < ${DEATHS_BEFORE_ALONE}`;
    const [row] = await this.#database.rows<ClaimRow>(
      "claim job",
      sql`update ${this.#jobs} set state = 'running', attempts = attempts + 1, alone = ${alone}, run_by = ${this.#nextFence()}, running_since = now(),
            leased_until = now() + ${interval(leaseMs)}, progress = null
          where id = ${id}::uuid and state = 'waiting' and due_at <= now() + ${interval(EARLY_MS)} and ${way}
          returning ${CLAIM}`,
    );
    return row === undefined ? undefined : toClaim(row, sinceMs);
  }

  /**
   * Claims and ends several at once, each as {@link JobRuns.claim} and {@link JobRuns.done} do.
   *
   * Shape: the claims by their job, and the jobs of those ends that were still ours; rows that are locked are passed over, and are in neither.
   * Errors: CONFLICT besides the usual ones - nothing is written.
   */
  async note(ids: readonly string[], ends: readonly EndedRun[], leaseMs: number): Promise<NotedPage> {
    const sinceMs = this.#clock.monotonicMs();
    const params = [`[${ends.map(toRecord).join(",")}]`, `{${ids.join(",")}}`, this.#nextFence(), leaseMs, DEATHS_BEFORE_ALONE, EARLY_MS];
    const rows = await this.#database.prepared<ClaimRow & { readonly is_end: boolean }>("note jobs", this.#note, params);
    const page: NotedPage = { claimed: new Map(), ended: new Set() };
    for (const row of rows) {
      if (row.is_end) page.ended.add(row.id);
      else page.claimed.set(row.id, toClaim(row, sinceMs));
    }
    return page;
  }

  /** The claim under which a job is running; for the child that runs it alone. Shape: undefined where that claim is over. */
  async held(id: string, attempt: number): Promise<JobClaim | undefined> {
    const [row] = await this.#database.rows<ClaimRow>(
      "read job",
      sql`select ${CLAIM} from ${this.#jobs}
          where id = ${id}::uuid and attempts = ${attempt} and state = 'running'`,
    );
    return row === undefined ? undefined : toClaim(row, this.#clock.monotonicMs());
  }

  /** How jobs stand, by their ids, whether their rows are locked or not. */
  async standing(ids: readonly string[]): Promise<ReadonlyMap<string, JobStanding>> {
    const rows = await this.#database.rows<JobStanding>(
      "read jobs",
      sql`select id, state, attempts, deaths, run_by, due_at <= now() + ${interval(EARLY_MS)} as is_due from ${this.#jobs} where id = any(${uuids(ids)})`,
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Lengthens the leases of claims. A row that is locked is passed over: it is that of a run which is ending now, mostly. */
  async renew(claims: readonly JobClaim[], leaseMs: number, deadlineMs: number): Promise<Renewal<JobClaim>> {
    const keys = claims.map((claim, n) => ({ n, ...leaseKey(claim) }));
    type Row = { readonly n: number; readonly renewed: boolean };
    const rows = await this.#database.prepared<Row>("renew leases", this.renewal, [JSON.stringify(keys), leaseMs], deadlineMs);
    const lost = new Set(claims);
    const renewed = new Set<JobClaim>();
    for (const row of rows) {
      const claim = claims[row.n] as JobClaim;
      lost.delete(claim);
      if (row.renewed) renewed.add(claim);
    }
    return { renewed, lost };
  }

  #nextFence(): string {
    return `${this.#runner}/${++this.#claimCount}`;
  }

  /** The statement that keeps a job this run's until its transaction is over, or finds that this run has ended it. Shape: one row, or none. */
  hold(claim: JobClaim): SQL {
    return sql`select 1 from ${this.#jobs} where (${held(claim)}) or (id = ${claim.id}::uuid and state = 'done' and attempts = ${claim.attempt}) for share`;
  }

  /** Gives the deduplication key of a job free, since its run begins. Returns whether it is still this run's. */
  async begin(claim: JobClaim): Promise<boolean> {
    const rows = await this.#database.rows("begin job", sql`update ${this.#jobs} set deduplication_key = null where ${held(claim)} returning id`);
    return rows.length > 0;
  }

  /** Keeps how far a run is. */
  async progress(claim: JobClaim, value: object | number): Promise<void> {
    await this.#database.rows("job progress", sql`update ${this.#jobs} set progress = ${JSON.stringify(value)}::json where ${held(claim)}`);
  }

  /** The statement that ends a run well. Shape: one row, or none where the claim is over. */
  complete(claim: JobClaim, result: string | undefined): SQL {
    return sql`update ${this.#jobs} set state = 'done', result = ${result ?? null}::json, reason = null, settled_at = now(), run_by = null, leased_until = null
      where ${held(claim)} returning id`;
  }

  /** Ends a run well. Returns whether it was still ours. */
  async done(claim: JobClaim, result: string | undefined): Promise<boolean> {
    return (await this.#database.rows("complete job", this.complete(claim, result))).length > 0;
  }

  /** Whether this very run has completed, in the transaction of its effect. */
  async isDone({ id, attempt }: JobClaim): Promise<boolean> {
    const rows = await this.#database.rows(
      "read job",
      sql`select 1 from ${this.#jobs} where id = ${id}::uuid and state = 'done' and attempts = ${attempt}`,
    );
    return rows.length > 0;
  }

  /** Ends a run that failed: to be tried again after a wait. Shape: what is to be sent, or undefined where the claim is over. */
  async again(claim: JobClaim, reason: string, waitMs: number): Promise<SendableJob | undefined> {
    const [row] = await this.#database.rows<SendableJob>(
      "retry job",
      sql`update ${this.#jobs} set state = 'waiting', failures = failures + 1, reason = ${reason}, due_at = now() + ${interval(waitMs)},
            sent_count = sent_count + 1, sent_at = now(), run_by = null, leased_until = null
          where ${held(claim)} returning ${SENDABLE}`,
    );
    return row;
  }

  /** Gives a claim back, as if it had not been. */
  async giveBack(claim: JobClaim, waitMs: number): Promise<void> {
    await this.#database.rows(
      "give job back",
      sql`update ${this.#jobs} set state = 'waiting', due_at = now() + ${interval(waitMs)}, sent_at = null, run_by = null, leased_until = null where ${held(claim)}`,
    );
  }

  /** Gives a claim back whose run has not begun, and counts as none, to whoever is free. Shape: what is to be sent, or undefined where the claim is over. */
  async passOn(claim: JobClaim): Promise<SendableJob | undefined> {
    const [row] = await this.#database.rows<SendableJob>(
      "pass job on",
      sql`update ${this.#jobs} set state = 'waiting', attempts = attempts - 1, due_at = now(), sent_count = sent_count + 1, sent_at = now(), run_by = null, leased_until = null
          where ${held(claim)} returning ${SENDABLE}`,
    );
    return row;
  }

  /** Sets a job aside, with its reason. Returns whether the claim was still ours. */
  async fail(claim: JobClaim, reason: string): Promise<boolean> {
    const rows = await this.#database.rows(
      "fail job",
      sql`update ${this.#jobs} set state = 'failed', failures = failures + 1, reason = ${reason}, settled_at = now(), run_by = null, leased_until = null where ${held(claim)} returning id`,
    );
    return rows.length > 0;
  }

  /** Counts the death of the process in which a job ran alone. Shape: what it is now, or undefined where the claim is over. */
  async diedAlone(claim: JobClaim): Promise<"waiting" | "failed" | undefined> {
    const isLast = sql`deaths_alone + 1 >= ${DEATHS_ALONE_BEFORE_FAILED}`;
    const [row] = await this.#database.rows<{ state: "waiting" | "failed" }>(
      "count death",
      sql`update ${this.#jobs} set deaths_alone = deaths_alone + 1, state = case when ${isLast} then 'failed' else 'waiting' end,
            settled_at = case when ${isLast} then now() end, reason = ${CRASHED}, due_at = now(), sent_at = null, run_by = null, leased_until = null
          where ${held(claim)} returning state`,
    );
    return row?.state;
  }

  /** Lets a job that failed for good wait again. Its deaths are remembered: a job that killed two processes is run alone at once. */
  async rerun(id: string): Promise<SendableJob | undefined> {
    const [row] = await this.#database.rows<SendableJob>(
      "rerun job",
      sql`update ${this.#jobs} set state = 'waiting', failures = 0, deaths_alone = 0, settled_at = null, due_at = now(), sent_count = sent_count + 1, sent_at = now()
          where id = ${id}::uuid and state = 'failed' returning ${SENDABLE}`,
    );
    return row;
  }
}

/** The columns of a {@link ClaimRow}. */
const CLAIM = sql`id, name, data, attempts, failures, alone, run_by, traceparent, initiator, deduplication_key is not null as keyed`;

/** The columns of a {@link SendableJob}. */
export const SENDABLE = sql`id, name, sent_count, greatest(0, extract(epoch from due_at - now()) * 1000)::double precision as delay_ms, (options ->> 'priority')::int as priority, deaths > 0 as suspect`;

/** An end as an object of JSON, with the result as it is. */
function toRecord({ claim: { id, attempt, runBy: by }, result = "null" }: EndedRun): string {
  return `${JSON.stringify({ id, attempt, by }).slice(0, -1)},"result":${result}}`;
}

function held(claim: JobClaim): SQL {
  return sql`id = ${claim.id}::uuid and state = 'running' and attempts = ${claim.attempt} and run_by = ${claim.runBy}`;
}

/**
 * Rows are found and locked one by one, by their ids: told more, the planner was seen to read all that waits. None is waited for: one that another session
 * has locked would hold up all others of the page.
 */
function noteText(jobs: string): string {
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
function renewText(jobs: string): string {
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
