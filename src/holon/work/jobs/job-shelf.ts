import { type SQL, sql } from "../../data/index.ts";
import { interval } from "../outbox/work-database.ts";
import { type JobDatabase, texts, uuids } from "./job-database.ts";
import type { SendableJob } from "./job-queues.ts";
import { SENDABLE } from "./job-runs.ts";

/** Rows that one statement of a sweep touches, so that it locks little at a time. */
const SWEEP_COUNT = 500;

/** The jobs of a context that wait or are kept: taken over from the outbox, sent to queues, removed when they are old. */
export class JobShelf {
  readonly #database: JobDatabase;
  readonly #jobs: SQL;

  constructor(database: JobDatabase) {
    this.#database = database;
    this.#jobs = database.jobs;
  }

  /**
   * Takes jobs over from the outbox, whose rows are settled by that, and says which are to be put on a queue now.
   *
   * One whose deduplication key is held by a job that waits is settled and forgotten. Taking over twice is taking over once.
   */
  takeOver(ids: readonly string[]): Promise<readonly SendableJob[]> {
    const { outbox } = this.#database;
    return this.#database.transaction("take jobs over", async (tx) => {
      await tx.db.execute(sql`insert into ${this.#jobs} (id, name, state, data, options, traceparent, initiator, deduplication_key, due_at, created_at)
        select id, name, 'waiting', payload, options, traceparent, initiator, options ->> 'deduplicationKey',
          created_at + coalesce((options ->> 'delayMs')::double precision, 0) * interval '1 millisecond', created_at
        from ${outbox} where id = any(${uuids(ids)}) and kind = 'job' and settled_at is null order by position
        on conflict do nothing`);
      await tx.db.execute(sql`update ${outbox} set settled_at = now() where id = any(${uuids(ids)}) and kind = 'job' and settled_at is null`);
      return [
        ...(await tx.db.execute(this.#send(sql`id = any(${uuids(ids)}) and state = 'waiting' and sent_count = 0`))),
      ] as unknown as readonly SendableJob[];
    });
  }

  /** The queue did not take them: the next sweep sends them again. */
  async unsent(ids: readonly string[]): Promise<void> {
    await this.#database.rows("unsent jobs", sql`update ${this.#jobs} set sent_at = null where id = any(${uuids(ids)}) and state = 'waiting'`);
  }

  /** Sends jobs that wait once more, and says which those are. */
  sendAgain(ids: readonly string[]): Promise<readonly SendableJob[]> {
    return this.#database.rows<SendableJob>("send jobs again", this.#send(sql`id = any(${uuids(ids)}) and state = 'waiting'`));
  }

  /** Names of jobs that are due and were sent long ago, or never. Their queue may have lost them, or be slow. */
  async overdue(resendAfterMs: number): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ name: string }>(
      "look for overdue jobs",
      sql`select distinct name from ${this.#jobs} where ${isOverdue(resendAfterMs)}`,
    );
    return rows.map(({ name }) => name);
  }

  /** Sends overdue jobs: all of the given names, and of others those that a queue never took. Two sweepers do not send the same one. */
  resend(names: readonly string[], resendAfterMs: number): Promise<readonly SendableJob[]> {
    const chosen = sql`select id from ${this.#jobs} where ${isOverdue(resendAfterMs)} and (sent_at is null or name = any(${texts(names)}))
      order by due_at limit ${SWEEP_COUNT} for update skip locked`;
    return this.#database.rows<SendableJob>("resend jobs", this.#send(sql`id in (${chosen})`));
  }

  /**
   * Counts a death of every job whose runner let its lease end, and lets it wait again. Returns their ids.
   *
   * Running alone is counted by the one who watches the child; where that one died too, the job is not to blame.
   */
  async buryDead(): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ id: string }>(
      "bury dead jobs",
      sql`update ${this.#jobs} set state = 'waiting', deaths = deaths + 1, due_at = now(), sent_at = null, run_by = null, leased_until = null
          where id in (select id from ${this.#jobs} where state = 'running' and leased_until < now() limit ${SWEEP_COUNT} for update skip locked) returning id`,
    );
    return rows.map(({ id }) => id);
  }

  /** Removes jobs that ended long ago. */
  async removeOld(doneKeptMs: number, failedKeptMs: number): Promise<void> {
    await this.#database.rows(
      "remove old jobs",
      sql`delete from ${this.#jobs} where id in (select id from ${this.#jobs}
          where (state = 'done' and settled_at < now() - ${interval(doneKeptMs)}) or (state = 'failed' and settled_at < now() - ${interval(failedKeptMs)}) limit ${SWEEP_COUNT})`,
    );
  }

  #send(which: SQL): SQL {
    return sql`update ${this.#jobs} set sent_count = sent_count + 1, sent_at = now() where ${which} returning ${SENDABLE}`;
  }
}

function isOverdue(resendAfterMs: number): SQL {
  return sql`state = 'waiting' and due_at <= now() and (sent_at is null or greatest(sent_at, due_at) < now() - ${interval(resendAfterMs)})`;
}
