import { type SQL, sql } from "../../data/index.ts";
import { interval } from "../engine/work-database.ts";
import { type JobDatabase, texts, uuids } from "./job-database.ts";
import type { SendableJob } from "./job-queues.ts";
import { SENDABLE } from "./job-runs.ts";

/** Rows that one statement of a sweep touches, so that it locks little at a time. */
export const SWEEP_COUNT = 500;

/** Greatest delay that the sum of two times can hold with room to spare; what may be asked for is much less. */
const GREATEST_READABLE_DELAY_MS = 1e12;

/** How many jobs of a name. */
export interface JobCount {
  readonly name: string;
  readonly count: number;
}

/**
 * The jobs of a context that wait or are kept: taken over from the outbox, and sent to queues.
 *
 * Only jobs that this version knows are sent, for their queue is told by their declaration. Others wait, unsent, for the sweeper of a process that knows them.
 */
export class JobShelf {
  readonly #database: JobDatabase;
  readonly #jobs: SQL;
  readonly #isKnown: SQL;

  constructor(database: JobDatabase, names: readonly string[]) {
    this.#database = database;
    this.#jobs = database.jobs;
    this.#isKnown = sql`name = any(${texts(names)})`;
  }

  /**
   * Takes jobs over from the outbox, whose rows are settled by that, and says which are to be put on a queue now. Those that this version does not
   * know are taken over too, and wait.
   *
   * One whose deduplication key is held by a job that waits is settled and forgotten. Taking over twice is taking over once.
   */
  takeOver(ids: readonly string[]): Promise<readonly SendableJob[]> {
    const { outbox } = this.#database;
    // A delay that another version wrote and this one cannot read stays in the outbox, and does not hold up the jobs beside it.
    const chosen = sql`id = any(${uuids(ids)}) and kind = 'job' and settled_at is null and case jsonb_typeof(options -> 'delayMs')
      when 'number' then (options ->> 'delayMs')::numeric between 0 and ${GREATEST_READABLE_DELAY_MS} else options ->> 'delayMs' is null end`;
    return this.#database.transaction("take jobs over", async (tx) => {
      await tx.db.execute(sql`insert into ${this.#jobs} (id, name, state, data, options, traceparent, initiator, deduplication_key, due_at, created_at)
        select id, name, 'waiting', payload, options, traceparent, initiator, options ->> 'deduplicationKey',
          created_at + coalesce((options ->> 'delayMs')::double precision, 0) * interval '1 millisecond', created_at
        from ${outbox} where ${chosen} order by position
        on conflict do nothing`);
      await tx.db.execute(sql`update ${outbox} set settled_at = now() where ${chosen}`);
      return [
        ...(await tx.db.execute(this.#send(sql`id = any(${uuids(ids)}) and state = 'waiting' and sent_count = 0 and ${this.#isKnown}`))),
      ] as unknown as readonly SendableJob[];
    });
  }

  /** Of these jobs, those that are still in the outbox, because their delay cannot be read. */
  unreadable(ids: readonly string[]): Promise<readonly JobCount[]> {
    return this.#database.rows<JobCount>(
      "look for unreadable jobs",
      sql`select name, count(*)::int as count from ${this.#database.outbox} where id = any(${uuids(ids)}) and kind = 'job' and settled_at is null group by name`,
    );
  }

  /** Of these jobs, those that this version does not know, and that no version has sent. */
  unknown(ids: readonly string[]): Promise<readonly JobCount[]> {
    return this.#database.rows<JobCount>(
      "look for unknown jobs",
      sql`select name, count(*)::int as count from ${this.#jobs} where id = any(${uuids(ids)}) and state = 'waiting' and sent_count = 0 and not ${this.#isKnown} group by name`,
    );
  }

  /** No queue has them: the next sweep of a process that knows them sends them again. */
  async unsent(ids: readonly string[]): Promise<void> {
    await this.#database.rows("unsent jobs", sql`update ${this.#jobs} set sent_at = null where id = any(${uuids(ids)}) and state = 'waiting'`);
  }

  /** Sends due jobs of these names that no queue has. Two processes do not send the same one. */
  takeUnsent(names: readonly string[], count: number): Promise<readonly SendableJob[]> {
    const chosen = sql`select id from ${this.#jobs} where state = 'waiting' and due_at <= now() and sent_at is null and name = any(${texts(names)})
      order by due_at limit ${count} for update skip locked`;
    return this.#database.rows<SendableJob>("take jobs that were left", this.#send(sql`id in (${chosen})`));
  }

  /** Sends jobs that wait once more, and says which those are. */
  sendAgain(ids: readonly string[]): Promise<readonly SendableJob[]> {
    return this.#database.rows<SendableJob>("send jobs again", this.#send(sql`id = any(${uuids(ids)}) and state = 'waiting'`));
  }

  /** Names of known jobs that are due and were sent long ago, or never. Their queue may have lost them, or be slow. */
  async overdue(resendAfterMs: number): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ name: string }>(
      "look for overdue jobs",
      sql`select distinct name from ${this.#jobs} where ${isOverdue(resendAfterMs)} and ${this.#isKnown}`,
    );
    return rows.map(({ name }) => name);
  }

  /** Sends known jobs that are overdue: all of the given names, and of others those that a queue never took. Two sweepers do not send the same one. */
  resend(names: readonly string[], resendAfterMs: number, count: number): Promise<readonly SendableJob[]> {
    const chosen = sql`select id from ${this.#jobs} where ${isOverdue(resendAfterMs)} and ${this.#isKnown} and (sent_at is null or name = any(${texts(names)}))
      order by due_at limit ${count} for update skip locked`;
    return this.#database.rows<SendableJob>("resend jobs", this.#send(sql`id in (${chosen})`));
  }

  /** The database's clock. Units: milliseconds since 1970. */
  async now(): Promise<number> {
    const [row] = await this.#database.rows<{ ms: number }>(
      "look at the clock",
      sql`select (extract(epoch from now()) * 1000)::double precision as ms`,
    );
    return row?.ms ?? 0;
  }

  /**
   * Counts a death of every job whose lease has ended, and lets it wait again. Does nothing after a moment of the database's clock. Returns their names, a
   * page of them.
   *
   * A death while running alone is counted by the process that watches the child; if that one died too, the job is not to blame.
   */
  async reclaim(untilMs: number): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ name: string }>(
      "reclaim jobs",
      sql`update ${this.#jobs} set state = 'waiting', deaths = deaths + 1, due_at = now(), sent_at = null, run_by = null, leased_until = null
          where id in (select id from ${this.#jobs} where state = 'running' and leased_until < now() and extract(epoch from now()) * 1000 < ${untilMs}::double precision
            limit ${SWEEP_COUNT} for update skip locked) returning name`,
    );
    return rows.map(({ name }) => name);
  }

  #send(which: SQL): SQL {
    return sql`update ${this.#jobs} set sent_count = sent_count + 1, sent_at = now() where ${which} returning ${SENDABLE}`;
  }
}

function isOverdue(resendAfterMs: number): SQL {
  return sql`state = 'waiting' and due_at <= now() and (sent_at is null or greatest(sent_at, due_at) < now() - ${interval(resendAfterMs)})`;
}
