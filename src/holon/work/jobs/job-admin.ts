import { sql } from "../../data/drizzle/sql.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { COUNTED_MOST, countOf, texts, type WorkData, WorkDatabase } from "../engine/work-database.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import type { JobMap } from "./job.ts";
import { JobSender } from "./job-sender.ts";
import { JobTable } from "./job-table.ts";

/** A job that failed for good. */
export interface FailedJob {
  readonly id: string;
  readonly name: string;
  readonly reason: string;
  readonly attempts: number;
  readonly deaths: number;
  readonly deathsAlone: number;
  /** A moment as ISO 8601. */
  readonly failedAt: string;
}

/** Waiting jobs that this version of the app does not have: they were renamed or removed, or belong to another version. */
export interface UnknownJobs {
  readonly name: string;
  /** Counted among the {@link COUNTED_MOST} jobs that have been due longest. After a while, unknown jobs are among these. */
  readonly count: number;
  /** How long the oldest of these jobs has been due. */
  readonly oldestDueMs: number;
  /** Says what an operator can do. */
  readonly cure: string;
}

const UNKNOWN_CURE = "declare the job under this name again until none is left, or start the version that has it";

/** How many jobs of a context are in each state, each counted up to {@link COUNTED_MOST}. */
export interface JobCounts {
  readonly waiting: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  /** How long the oldest due job has waited; 0 if no job is due. */
  readonly oldestDueMs: number;
}

export interface JobAdminDeps {
  readonly context: string;
  readonly jobs: JobMap;
  readonly store: WorkData;
  /** Undefined if no queue can be reached from here. The sweeper of a process that does the work then sends jobs that are run again. */
  readonly backend: Pick<QueueBackend, "add" | "reachable"> | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Shows the jobs of one context, and makes failed ones run again: for code, the dashboard and the command line. */
export interface JobAdmin {
  /** Jobs that failed for good, the latest first. */
  failed(limit: number): Promise<readonly FailedJob[]>;
  counts(): Promise<JobCounts>;
  /** Waiting jobs that this version does not have, by name, the greatest count first. */
  unknownJobs(limit: number): Promise<readonly UnknownJobs[]>;
  /** Makes a job that failed for good run again. Returns whether there was one. Two calls run it once. */
  rerun(id: string): Promise<boolean>;
}

/** Creates the admin interface of a context's jobs. It works even if no process runs them. */
export function createJobAdmin({ context, jobs, store, backend, clock, log }: JobAdminDeps): JobAdmin {
  const database = new WorkDatabase(store, clock);
  const table = new JobTable({ database, names: Object.keys(jobs), clock });
  const holonJobs = database.table("holon_jobs");
  const sender = new JobSender({ context, jobs, table, backend, log });
  return {
    failed: (limit) =>
      database.rows<FailedJob>(
        "list failed jobs",
        sql`select id, name, reason, attempts, deaths, deaths_alone as "deathsAlone", to_char(settled_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "failedAt"
          from ${holonJobs} where state = 'failed' order by settled_at desc limit ${limit}`,
      ),
    async counts() {
      const [row] = await database.rows<JobCounts>(
        "count jobs",
        sql`select ${countOf(holonJobs, sql`state = 'waiting'`)} as waiting, ${countOf(holonJobs, sql`state = 'running'`)} as running,
            ${countOf(holonJobs, sql`state = 'done'`)} as done, ${countOf(holonJobs, sql`state = 'failed'`)} as failed,
            coalesce(extract(epoch from now() - (select due_at from ${holonJobs} where state = 'waiting' and due_at <= now() order by due_at limit 1)) * 1000, 0)
              ::double precision as "oldestDueMs"`,
      );
      return row ?? { waiting: 0, running: 0, done: 0, failed: 0, oldestDueMs: 0 };
    },
    async unknownJobs(limit) {
      const rows = await database.rows<Omit<UnknownJobs, "cure">>(
        "look for unknown jobs",
        sql`select name, count(*)::int as count, (extract(epoch from now() - min(due_at)) * 1000)::double precision as "oldestDueMs"
          from (select name, due_at from ${holonJobs} where state = 'waiting' and due_at <= now() order by due_at limit ${COUNTED_MOST}) due
          where not name = any(${texts(Object.keys(jobs))}) group by name order by 2 desc, 1 limit ${limit}`,
      );
      return rows.map((row) => ({ ...row, cure: UNKNOWN_CURE }));
    },
    async rerun(id) {
      const job = await table.rerun(id);
      if (job === undefined) return false;
      log.info({ job: `${context}.${job.name}`, jobId: id }, "a failed job is run again");
      await sender.send([job]);
      return true;
    },
  };
}
