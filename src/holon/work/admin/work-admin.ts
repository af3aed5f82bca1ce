import { sql } from "../../data/drizzle/sql.ts";
import { isHolonError } from "../../kernel/holon-error.ts";
import { COUNTED_MOST, countOf, WorkDatabase } from "../engine/work-database.ts";
import { EventRoutes, type SubscribingContext } from "../inbox/event-routes.ts";
import { Inbox, type StrandedEvent as StrandedRow, type WaitingEvent } from "../inbox/inbox.ts";
import { ParkedEvents } from "../inbox/parked-events.ts";
import { createJobAdmin, type FailedJob, type JobAdminDeps, type JobCounts, type UnknownJobs } from "../jobs/job-admin.ts";
import { Subscriptions } from "../outbox/subscriptions.ts";
import { createRunAdmin } from "../workflows/run-admin.ts";
import type { WorkflowMap } from "../workflows/workflow.ts";

/** How many events of a context are in each state, each counted up to {@link COUNTED_MOST}. */
interface EventCounts {
  /** Rows of the outbox that are not settled: events that a subscriber has not acknowledged, and jobs that were not taken over. */
  readonly outboxCount: number;
  /** Age of the first of these rows; 0 if there is none. */
  readonly outboxLagMs: number;
  /** Events of other contexts that wait for an earlier event of their key, for their next attempt, or for a process that has their handler. */
  readonly heldCount: number;
  readonly parkedCount: number;
}

/** A parked event. It is shown without its payload, which may contain secrets. */
export type ParkedEvent = Pick<WaitingEvent, "id" | "producer" | "name" | "key" | "attempts" | "reason">;

/** A held event that goes on only if an operator decides so. It is shown without its payload. */
export interface StrandedEvent extends Pick<StrandedRow, "id" | "producer" | "name" | "key" | "waitsFor"> {
  readonly reason: string;
}

/** A workflow run that can neither go on nor be undone by itself. */
export interface StuckRun {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly key: string;
  readonly reason: string | null;
}

/** A version of a workflow: it has open runs and no body in this version of the app, or it is an earlier version whose body is still there. */
interface RunVersion {
  readonly workflow: string;
  readonly version: number;
  /** Its runs that have not ended, including stuck ones. */
  readonly openCount: number;
  /** Whether this version of the app has the body of that version. */
  readonly hasBody: boolean;
  /** What an operator can do about the version. */
  readonly advice: string;
}

/** The counts of a context's background work. */
export interface WorkCounts extends EventCounts {
  readonly jobs: JobCounts;
  readonly stuckCount: number;
}

/**
 * Shows what waits, has failed or is stuck in one context, and lets operators decide about it. The dashboard, the command line and the metrics all use it.
 *
 * A decision that is made twice counts once: the second answer is false. Errors: UNAVAILABLE - the context's database cannot be reached.
 */
export interface WorkAdmin {
  readonly context: string;
  counts(): Promise<WorkCounts>;
  /** Jobs that failed for good, the latest first. */
  failedJobs(limit: number): Promise<readonly FailedJob[]>;
  /** Waiting jobs that this version of the app does not have, by name, with what an operator can do about them. */
  unknownJobs(limit: number): Promise<readonly UnknownJobs[]>;
  /** Makes a job that failed for good run again. */
  rerunJob(id: string): Promise<boolean>;
  /** The parked events, the oldest first. */
  parkedEvents(limit: number): Promise<readonly ParkedEvent[]>;
  /**
   * Held events that this version has no handler for, or that have waited for more than a minute for an event that does not come. The oldest first, among the
   * 10 000 that came first. Events behind a held or parked event of their key are left out: they go on after it.
   */
  strandedEvents(limit: number): Promise<readonly StrandedEvent[]>;
  /**
   * Lets a parked event be tried again; its attempts are counted from 0. A held event that waits for an event that does not come is handled without that event.
   */
  releaseEvent(id: string): Promise<boolean>;
  /** Ends a parked or stranded event without its effect. */
  skipEvent(id: string): Promise<boolean>;
  /** Removes a subscriber that does not belong to the app any more. Events that it has not taken are not kept for it. */
  forgetSubscriber(name: string): Promise<boolean>;
  stuckRuns(limit: number): Promise<readonly StuckRun[]>;
  resumeRun(id: string): Promise<boolean>;
  /** Versions of workflows that have open runs and no body here, and earlier versions whose bodies are still here. */
  runVersions(): Promise<readonly RunVersion[]>;
  /** Open runs of versions that have no body here, counted among the {@link COUNTED_MOST} that are due first and as many that are stuck. */
  leftRuns(): Promise<readonly Pick<RunVersion, "workflow" | "version" | "openCount">[]>;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface WorkAdminDeps extends JobAdminDeps {
  readonly workflows: WorkflowMap;
  /** What the context subscribes to, and its handlers. */
  readonly events: SubscribingContext;
}

/** Creates the admin interface of one context from its tables. It works even if no process does the context's background work. */
export function createWorkAdmin(deps: WorkAdminDeps): WorkAdmin {
  const { context, store, clock, log } = deps;
  const database = new WorkDatabase(store, clock);
  const jobs = createJobAdmin(deps);
  // A process that does the background work of the context finds a released event at its next look.
  const parked = new ParkedEvents({ database, inbox: new Inbox(database), handled: new EventRoutes(deps.events).names, wakeHeld: () => {} });
  const runs = new StuckRuns(database);
  const versions = new RunVersions(database, deps.workflows);
  const workflows = createRunAdmin({ store, clock, log });
  const decide = async (what: string, id: string, run: () => Promise<boolean>): Promise<boolean> => {
    const isDone = UUID.test(id) && (await run());
    if (isDone) log.info({ context, id }, `by hand: ${what}`);
    return isDone;
  };
  return {
    context,
    async counts() {
      const [jobCounts, events, stuckCount] = await Promise.all([jobs.counts(), countEvents(database), runs.count()]);
      return { jobs: jobCounts, ...events, stuckCount };
    },
    failedJobs: (limit) => jobs.failed(limit),
    unknownJobs: (limit) => jobs.unknownJobs(limit),
    rerunJob: (id) => decide("a failed job is run again", id, () => jobs.rerun(id)),
    async parkedEvents(limit) {
      const events = await parked.list();
      return events.slice(0, limit).map(({ id, producer, name, key, attempts, reason }) => ({ id, producer, name, key, attempts, reason }));
    },
    async strandedEvents(limit) {
      const events = await parked.listStranded();
      return events.slice(0, limit).map(({ id, producer, name, key, waitsFor, reason }) => ({ id, producer, name, key, waitsFor, reason }));
    },
    releaseEvent: (id) => decide("an event is released", id, () => wasFound(parked.release(id))),
    skipEvent: (id) => decide("an event is skipped", id, () => wasFound(parked.skip(id))),
    async forgetSubscriber(name) {
      const wasThere = await new Subscriptions(database).unsubscribe(name);
      if (wasThere) log.info({ context, subscriber: name }, "by hand: a subscriber is forgotten");
      return wasThere;
    },
    stuckRuns: (limit) => runs.list(limit),
    runVersions: () => versions.list(),
    leftRuns: () => versions.countLeft(),
    resumeRun: (id) => decide("a stuck run is resumed", id, () => workflows.resume(id)),
  };
}

async function wasFound(decision: Promise<void>): Promise<boolean> {
  try {
    await decision;
    return true;
  } catch (error) {
    if (isHolonError(error) && error.code === "NOT_FOUND") return false;
    throw error;
  }
}

/** The stuck runs of a context, found by a small index of their own, because most runs are done. */
class StuckRuns {
  readonly #database: WorkDatabase;

  constructor(database: WorkDatabase) {
    this.#database = database;
  }

  async count(): Promise<number> {
    const runs = this.#database.table("holon_runs");
    const [row] = await this.#database.rows<{ count: number }>("count stuck runs", sql`select ${countOf(runs, sql`state = 'stuck'`)} as count`);
    return row?.count ?? 0;
  }

  list(limit: number): Promise<readonly StuckRun[]> {
    const runs = this.#database.table("holon_runs");
    return this.#database.rows<StuckRun>(
      "list stuck runs",
      sql`select id, workflow, version, key, reason from ${runs} where state = 'stuck' order by created_at limit ${limit}`,
    );
  }
}

/** How many runs of a version are open. */
interface VersionCount {
  readonly workflow: string;
  readonly version: number;
  readonly openCount: number;
}

/** Most versions that are listed. The names come from rows, so there may be any number of them. */
const VERSIONS_COUNT = 100;

/** The versions of a context's workflows: which ones have open runs, and which ones have a body in this version of the app. */
class RunVersions {
  readonly #database: WorkDatabase;
  readonly #workflows: WorkflowMap;

  constructor(database: WorkDatabase, workflows: WorkflowMap) {
    this.#database = database;
    this.#workflows = workflows;
  }

  /** Versions without a body that have open runs, and then the earlier versions whose bodies are still here. */
  async list(): Promise<readonly RunVersion[]> {
    const counted = await this.#count();
    const left = counted.filter(({ workflow, version }) => !this.#hasBody(workflow, version));
    const earlier = Object.entries(this.#workflows).flatMap(([workflow, { earlier: versions }]) =>
      Object.keys(versions).map((name) => {
        const version = Number(name);
        const openCount = counted.find((row) => row.workflow === workflow && row.version === version)?.openCount ?? 0;
        return { workflow, version, openCount };
      }),
    );
    return [
      ...left.map((row) => ({ ...row, hasBody: false, advice: adviceFor(row) })),
      ...earlier.map((row) => ({
        ...row,
        hasBody: true,
        advice:
          row.openCount === 0
            ? `the body of version ${row.version} can be removed: the version has no open run`
            : "keep its body until its runs have ended",
      })),
    ];
  }

  /**
   * Counts the open runs of versions without a body, among the {@link COUNTED_MOST} that are due first and as many that are stuck. This is called again and
   * again, so it must not read all runs. After a while, runs that no process works on are among those that are due first.
   */
  async countLeft(): Promise<readonly VersionCount[]> {
    const runs = this.#database.table("holon_runs");
    const counted = await this.#database.rows<VersionCount>(
      "count runs that are left",
      sql`select workflow, version, count(*)::int as "openCount" from (
          (select workflow, version from ${runs} where wake_at is not null order by wake_at limit ${COUNTED_MOST})
          union all (select workflow, version from ${runs} where state = 'stuck' order by created_at limit ${COUNTED_MOST})
        ) open group by 1, 2 order by 1, 2 limit ${VERSIONS_COUNT}`,
    );
    return counted.filter(({ workflow, version }) => !this.#hasBody(workflow, version));
  }

  /** Counts the open runs by version, with the two small indexes of runs that have a due time and of runs that are stuck. */
  #count(): Promise<readonly VersionCount[]> {
    return this.#database.rows<VersionCount>(
      "count open runs by version",
      sql`select workflow, version, count(*)::int as "openCount" from ${this.#database.table("holon_runs")}
        where wake_at is not null or state = 'stuck' group by 1, 2 order by 1, 2 limit ${VERSIONS_COUNT}`,
    );
  }

  #hasBody(workflow: string, version: number): boolean {
    const spec = Object.hasOwn(this.#workflows, workflow) ? this.#workflows[workflow] : undefined;
    return spec !== undefined && (spec.version === version || Object.hasOwn(spec.earlier, version));
  }
}

function adviceFor({ workflow, version }: VersionCount): string {
  return `start the version of the app that has ${workflow}@${version}, or keep its body as an earlier version`;
}

/** Counts the waiting rows of a context's outbox and inbox, by indexes that contain only waiting rows. */
async function countEvents(database: WorkDatabase): Promise<EventCounts> {
  const [outbox, inbox] = [database.table("holon_outbox"), database.table("holon_inbox")];
  const [row] = await database.rows<EventCounts>(
    "count events",
    sql`select ${countOf(outbox, sql`settled_at is null`)} as "outboxCount",
          coalesce(extract(epoch from now() - (select created_at from ${outbox} where settled_at is null order by position limit 1)) * 1000, 0)
            ::double precision as "outboxLagMs",
          ${countOf(inbox, sql`state = 'held'`)} as "heldCount", ${countOf(inbox, sql`state = 'parked'`)} as "parkedCount"`,
  );
  return row ?? { outboxCount: 0, outboxLagMs: 0, heldCount: 0, parkedCount: 0 };
}
