import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Renewal } from "../engine/leases.ts";
import { interval, uuids, type WorkDatabase } from "../engine/work-database.ts";
import type { LostWork } from "../queue/handed-out.ts";
import { type ClaimRow, type EndedRun, type JobClaim, type JobStanding, type LeaseKey, leaseKey, toClaim } from "./job-claim.ts";
import type { SendableJob } from "./job-queues.ts";
import { CLAIM, JobStatements, type OutboxPlace, SENDABLE } from "./job-statements.ts";

/** After this many deaths of a process in which it was running, a job is run alone. */
export const DEATHS_BEFORE_ALONE = 2;

/** After this many deaths while it ran alone, a job fails for good. */
const DEATHS_ALONE_BEFORE_FAILED = 3;

/** The stored reason of a job that failed because of its deaths. */
export const CRASHED = "crashed its process";

/** How early a queue may hand out a job: the clocks of the queue and the database differ. */
const EARLY_MS = 1_000;

/** The database's clock, in milliseconds since 1970. */
const NOW = sql`select (extract(epoch from now()) * 1000)::double precision as ms`;

/** Most rows that one statement of a sweep changes, so that it locks few rows. */
export const SWEEP_COUNT = 500;

/** The claims and ends that one statement wrote. */
interface NotedPage {
  readonly claimed: Map<string, JobClaim>;
  readonly ended: Set<string>;
}

/** A count of jobs of one name. */
interface JobCount {
  readonly name: string;
  readonly count: number;
}

interface JobTableDeps {
  readonly database: WorkDatabase;
  /** Names of the jobs that this version has. */
  readonly names: readonly string[];
  readonly clock: Clock;
  /** Identifies the claims of this process. Not needed by an instance that claims nothing. */
  readonly runner?: string;
}

/**
 * The table `holon_jobs` of a context: everything that is written about a job, from the outbox on.
 *
 *     outbox  --takeOver--> waiting
 *     waiting --claim, note--> running
 *     running --done, complete--> done, and removed when it was kept long enough
 *     running --again--> waiting, due later; mostly a failure is counted
 *     running --fail--> failed, because its attempts are up or another run would not help
 *     running --giveBack, passOn, giveBackUnheard--> waiting; no failure is counted
 *     running --its lease ends, reclaim--> waiting; a death is counted
 *     running alone --diedAlone--> waiting, or failed after 3
 *     failed  --rerun--> waiting
 *
 * I1. No two claims of a job have the same fence (`run_by`). All that is written about a run is written under its attempt and its fence.
 * I2. A job runs in one process at a time: only a waiting row is claimed. A running row becomes waiting again only under its own claim, or when its lease ends.
 * I3. A job has its deduplication key from its take-over from the outbox until a run begins. A claim without a run does not release the key.
 * I4. Only jobs that this version has are sent, because the declaration of a job decides its queue. Other jobs wait, unsent, for a process that has them.
 * I5. Statements on many rows skip rows that other sessions have locked.
 */
export class JobTable {
  readonly #database: WorkDatabase;
  readonly #jobs: SQL;
  readonly #statements: JobStatements;
  readonly #clock: Clock;
  readonly #runner: string;
  /** The statement that renews leases, which a second thread uses too. Its keys are those of {@link leaseKey}. */
  readonly renewal: string;
  #claimCount = 0;

  constructor({ database, names, clock, runner = "" }: JobTableDeps) {
    this.#database = database;
    this.#jobs = database.table("holon_jobs");
    this.#statements = new JobStatements(database, names);
    this.#clock = clock;
    this.#runner = runner;
    this.renewal = this.#statements.renew;
  }

  /**
   * Claims a waiting job for a run, and commits that before the run begins.
   *
   * Shape: undefined if the job must not run now, or not in this way: a job that was active in two deaths is run alone.
   */
  async claim(id: string, leaseMs: number, alone: boolean): Promise<JobClaim | undefined> {
    const sinceMs = this.#clock.monotonicMs();
    const way = alone ? sql`deaths >= ${DEATHS_BEFORE_ALONE}` : sql`deaths < ${DEATHS_BEFORE_ALONE}`;
    const [row] = await this.#database.rows<ClaimRow>(
      "claim job",
      sql`update ${this.#jobs} set state = 'running', attempts = attempts + 1, alone = ${alone}, run_by = ${this.nextFence()}, running_since = now(),
            leased_until = now() + ${interval(leaseMs)}, progress = null
          where id = ${id}::uuid and state = 'waiting' and due_at <= now() + ${interval(EARLY_MS)} and ${way}
          returning ${CLAIM}`,
    );
    return row === undefined ? undefined : toClaim(row, sinceMs);
  }

  /**
   * Writes claims and ends of runs in one statement: claims as {@link JobTable.claim} does, under a fence of {@link JobTable.nextFence}, and ends as
   * {@link JobTable.done} does.
   *
   * Shape: `claimed` has the claims by job id, `ended` the ids of the jobs whose end was written. Locked rows are skipped, and are in neither (I5).
   * Errors: CONFLICT besides the usual ones - nothing is written.
   */
  async note(ids: readonly string[], ends: readonly EndedRun[], fence: string, leaseMs: number): Promise<NotedPage> {
    const sinceMs = this.#clock.monotonicMs();
    const params = [JSON.stringify(ends.map(toRecord)), `{${ids.join(",")}}`, fence, leaseMs, DEATHS_BEFORE_ALONE, EARLY_MS];
    const rows = await this.#database.prepared<ClaimRow & { readonly is_end: boolean }>("note jobs", this.#statements.note, params);
    const page: NotedPage = { claimed: new Map(), ended: new Set() };
    for (const row of rows) {
      if (row.is_end) page.ended.add(row.id);
      else page.claimed.set(row.id, toClaim(row, sinceMs));
    }
    return page;
  }

  /** The claim under which a job is running, as its row has it. Shape: undefined if this attempt is over. */
  async held(id: string, attempt: number): Promise<JobClaim | undefined> {
    const [row] = await this.#database.rows<ClaimRow>(
      "read job",
      sql`select ${CLAIM} from ${this.#jobs}
          where id = ${id}::uuid and attempts = ${attempt} and state = 'running'`,
    );
    return row === undefined ? undefined : toClaim(row, this.#clock.monotonicMs());
  }

  /** The states of jobs, by their ids. Locked rows are read too. */
  async standing(ids: readonly string[]): Promise<ReadonlyMap<string, JobStanding>> {
    const rows = await this.#database.rows<JobStanding>(
      "read jobs",
      sql`select id, state, attempts, deaths, run_by, due_at <= now() + ${interval(EARLY_MS)} as is_due, ${this.#statements.idleMs} as idle_ms from ${this.#jobs} where id = any(${uuids(ids)})`,
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Lengthens the leases of claims. Locked rows are skipped (I5): the run of such a row is mostly just ending. */
  async renew(claims: readonly JobClaim[], leaseMs: number, deadlineMs: number): Promise<Renewal<JobClaim>> {
    const keys = claims.map((claim, n) => ({ n, ...leaseKey(claim) }));
    type Row = { readonly n: number; readonly renewed: boolean };
    const rows = await this.#database.urgent<Row>("renew leases of jobs", this.renewal, [JSON.stringify(keys), leaseMs], deadlineMs);
    const lost = new Set(claims);
    const renewed = new Set<JobClaim>();
    for (const row of rows) {
      const claim = claims[row.n] as JobClaim;
      lost.delete(claim);
      if (row.renewed) renewed.add(claim);
    }
    return { renewed, lost };
  }

  /** Gives back claims whose answer was lost, each under its own fence (I1). Shape: the claims that were given back. Locked rows are skipped. */
  async giveBackUnheard<Key extends LeaseKey>(claims: readonly Key[], deadlineMs: number): Promise<ReadonlySet<Key>> {
    const keys = claims.map(({ id, fence }, n) => ({ n, id, fence }));
    const params = [JSON.stringify(keys)];
    const rows = await this.#database.urgent<{ readonly n: number }>(
      "give back unheard claims",
      this.#statements.giveBackUnheard,
      params,
      deadlineMs,
    );
    return new Set(rows.map(({ n }) => claims[n] as Key));
  }

  /** I1. A fence that no other claim has. */
  nextFence(): string {
    return `${this.#runner}/${++this.#claimCount}`;
  }

  /** The statement that keeps a job with this run until the transaction is over. Shape: a row if this run has the job or has completed it; none otherwise. */
  hold(claim: JobClaim): SQL {
    return sql`select 1 from ${this.#jobs} where (${held(claim)}) or (id = ${claim.id}::uuid and state = 'done' and attempts = ${claim.attempt}) for share`;
  }

  /** Releases the deduplication key of a job, because its run begins (I3). Returns whether this run still holds the job. */
  async begin(claim: JobClaim): Promise<boolean> {
    const rows = await this.#database.rows("begin job", sql`update ${this.#jobs} set deduplication_key = null where ${held(claim)} returning id`);
    return rows.length > 0;
  }

  /** Stores the progress of a run. */
  async progress(claim: JobClaim, value: object | number): Promise<void> {
    await this.#database.rows("job progress", sql`update ${this.#jobs} set progress = ${JSON.stringify(value)}::json where ${held(claim)}`);
  }

  /** The statement that ends a run well. Shape: one row; none if the claim is over. */
  complete(claim: JobClaim, result: string | undefined): SQL {
    return sql`update ${this.#jobs} set state = 'done', result = ${result ?? null}::json, reason = null, settled_at = now(), run_by = null, leased_until = null
      where ${held(claim)} returning id`;
  }

  /** Ends a run well. Returns whether the run still held its job. */
  async done(claim: JobClaim, result: string | undefined): Promise<boolean> {
    return (await this.#database.rows("complete job", this.complete(claim, result))).length > 0;
  }

  /** Whether this very run has completed the job. */
  async isDone({ id, attempt }: JobClaim): Promise<boolean> {
    const rows = await this.#database.rows(
      "read job",
      sql`select 1 from ${this.#jobs} where id = ${id}::uuid and state = 'done' and attempts = ${attempt}`,
    );
    return rows.length > 0;
  }

  /** Ends a run that failed: its job waits again. `failures` includes this run if it counts. Shape: the job to be sent; undefined if the claim is over. */
  async again(claim: JobClaim, failures: number, reason: string, waitMs: number): Promise<SendableJob | undefined> {
    const [row] = await this.#database.rows<SendableJob>(
      "retry job",
      sql`update ${this.#jobs} set state = 'waiting', failures = ${failures}, reason = ${reason}, due_at = now() + ${interval(waitMs)},
            sent_count = sent_count + 1, sent_at = now(), run_by = null, leased_until = null
          where ${held(claim)} returning ${SENDABLE}`,
    );
    return row;
  }

  /** Gives a claim back. The job waits again, and no failure is counted. */
  async giveBack(claim: JobClaim, waitMs: number): Promise<void> {
    await this.#database.rows(
      "give job back",
      sql`update ${this.#jobs} set state = 'waiting', due_at = now() + ${interval(waitMs)}, sent_at = null, run_by = null, leased_until = null where ${held(claim)}`,
    );
  }

  /** Gives back a claim whose run has not begun; no attempt is counted. Shape: the job, to be sent at once; undefined if the claim is over. */
  async passOn(claim: JobClaim): Promise<SendableJob | undefined> {
    const [row] = await this.#database.rows<SendableJob>(
      "pass job on",
      sql`update ${this.#jobs} set state = 'waiting', attempts = attempts - 1, due_at = now(), sent_count = sent_count + 1, sent_at = now(), run_by = null, leased_until = null
          where ${held(claim)} returning ${SENDABLE}`,
    );
    return row;
  }

  /** Ends a job as failed for good, with the reason. Returns whether the run still held the job. */
  async fail(claim: JobClaim, reason: string): Promise<boolean> {
    const rows = await this.#database.rows(
      "fail job",
      sql`update ${this.#jobs} set state = 'failed', failures = failures + 1, reason = ${reason}, settled_at = now(), run_by = null, leased_until = null where ${held(claim)} returning id`,
    );
    return rows.length > 0;
  }

  /** Counts the death of the process in which a job ran alone. Shape: the job's new state; undefined if the claim is over. */
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

  /** Makes a job that failed for good wait again. Its deaths are kept: a job that was at work in two deaths is run alone. */
  async rerun(id: string): Promise<SendableJob | undefined> {
    const [row] = await this.#database.rows<SendableJob>(
      "rerun job",
      sql`update ${this.#jobs} set state = 'waiting', failures = 0, deaths_alone = 0, settled_at = null, due_at = now(), sent_count = sent_count + 1, sent_at = now()
          where id = ${id}::uuid and state = 'failed' returning ${SENDABLE}`,
    );
    return row;
  }

  /**
   * Takes jobs over from the outbox, which settles their rows, and returns the jobs to be put on a queue now (I4). Jobs that this version does not know are
   * taken over too, and wait.
   *
   * If another job of the name still has the same deduplication key, the row is settled and its job is dropped. Taking a row over again changes nothing.
   */
  takeOver(rows: readonly OutboxPlace[]): Promise<readonly SendableJob[]> {
    return this.#database.rows<SendableJob>("take jobs over", this.#statements.takeOver(rows));
  }

  /** Counts the jobs among these that stay in the outbox because their delay cannot be read. */
  unreadable(rows: readonly OutboxPlace[]): Promise<readonly JobCount[]> {
    return this.#database.rows<JobCount>("look for unreadable jobs", this.#statements.countUnsettled(rows));
  }

  /** Counts the jobs among these that this version does not know and that no version has sent. */
  unknown(ids: readonly string[]): Promise<readonly JobCount[]> {
    return this.#database.rows<JobCount>("look for unknown jobs", this.#statements.countUnknown(ids));
  }

  /** Notes that no queue has these jobs. The next sweep of a process that knows them sends them again. */
  async unsent(ids: readonly string[]): Promise<void> {
    await this.#database.rows("unsent jobs", sql`update ${this.#jobs} set sent_at = null where id = any(${uuids(ids)}) and state = 'waiting'`);
  }

  /** Takes due jobs of these names that no queue has, to be sent: the oldest of each name first. No two processes take the same job. */
  takeUnsent(names: readonly string[], count: number, ofEach = count): Promise<readonly SendableJob[]> {
    return this.#database.rows<SendableJob>("take jobs that were left", this.#send(this.#statements.oldestUnsent(names, count, ofEach)));
  }

  /** Takes waiting jobs to be sent once more. Returns them. */
  sendAgain(ids: readonly string[]): Promise<readonly SendableJob[]> {
    return this.#database.rows<SendableJob>("send jobs again", this.#send(sql`id = any(${uuids(ids)}) and state = 'waiting'`));
  }

  /** Names of known jobs that are due and were sent long ago or never. Their queue may have lost them, or be slow. */
  async overdue(resendAfterMs: number): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ name: string }>("look for overdue jobs", this.#statements.overdueNames(resendAfterMs));
    return rows.map(({ name }) => name);
  }

  /** Takes lost jobs of these names to be sent again: the oldest of each name first. No two sweepers take the same job. */
  resend(names: readonly string[], lost: LostWork, count: number): Promise<readonly SendableJob[]> {
    return this.#database.rows<SendableJob>("resend jobs", this.#send(this.#statements.oldestLost(names, lost, count)));
  }

  /** The time of the database's clock. Units: milliseconds since 1970. */
  async now(): Promise<number> {
    return (await this.#database.rows<{ ms: number }>("look at the clock", NOW))[0]?.ms ?? 0;
  }

  /**
   * Counts a death for each job whose lease has ended, and makes it wait again: for {@link SWEEP_COUNT} jobs at most. Does nothing after `untilMs` by the
   * database's clock. Returns the name of each of these jobs.
   *
   * The death of a child that ran a job alone is counted by the process that watches the child. If that process dies too, no death alone is counted.
   */
  async reclaim(untilMs: number): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ name: string }>("reclaim jobs", this.#statements.reclaim(untilMs, SWEEP_COUNT));
    return rows.map(({ name }) => name);
  }

  #send(which: SQL): SQL {
    return sql`update ${this.#jobs} set sent_count = sent_count + 1, sent_at = now() where ${which} returning ${SENDABLE}`;
  }
}

/** A condition: the run of this claim still has the job. */
function held(claim: JobClaim): SQL {
  return sql`id = ${claim.id}::uuid and state = 'running' and attempts = ${claim.attempt} and run_by = ${claim.runBy}`;
}

/** An end as an object. Its result stays a text of JSON. The database would decode the texts of a result that is an object, and refuse U+0000. */
function toRecord({ claim: { id, attempt, runBy: by }, result }: EndedRun): object {
  return { id, attempt, by, result };
}
