import type { Clock } from "../../kernel/clock.ts";
import { isHolonError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { type WorkData, WorkDatabase } from "../engine/work-database.ts";
import { EventRoutes, type SubscribingContext } from "../inbox/event-routes.ts";
import { Inbox } from "../inbox/inbox.ts";
import { ParkedEvents } from "../inbox/parked-events.ts";
import type { JobMap } from "../jobs/job.ts";
import { createJobConsole } from "../jobs/job-console.ts";
import { Subscriptions } from "../outbox/subscriptions.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { createRunConsole } from "../workflows/run-console.ts";
import type { RunData } from "../workflows/run-store.ts";
import type { WorkflowMap } from "../workflows/workflow.ts";
import { countEvents } from "./event-counts.ts";
import { RunVersions } from "./run-versions.ts";
import { StuckRuns } from "./stuck-runs.ts";
import type { WorkConsole } from "./work-console.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface WorkConsoleOptions {
  readonly context: string;
  readonly jobs: JobMap;
  readonly workflows: WorkflowMap;
  /** What the context subscribes to, and its handlers. */
  readonly events: SubscribingContext;
  readonly store: WorkData & RunData;
  /** Undefined if no queue can be reached from here: a job that is run again is sent by the sweeper of a process that works. */
  readonly backend: Pick<QueueBackend, "add" | "reachable"> | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Creates the console of one context from its tables. It works even if no process does the context's background work. */
export function createWorkConsole(options: WorkConsoleOptions): WorkConsole {
  const { context, store, clock, log } = options;
  const database = new WorkDatabase(store, clock);
  const jobs = createJobConsole(options);
  // A process that works finds a released event at its next look.
  const parked = new ParkedEvents({ database, inbox: new Inbox(database), handled: new EventRoutes(options.events).names, wakeHeld: () => {} });
  const runs = new StuckRuns(database);
  const versions = new RunVersions(database, options.workflows);
  const workflows = createRunConsole({ store, clock, log });
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
