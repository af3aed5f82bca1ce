import type { StrandedEvent as StrandedRow, WaitingEvent } from "../inbox/inbox.ts";
import type { FailedJob, JobCounts, UnknownJobs } from "../jobs/job-console.ts";

/** How many events of a context are in each state, each counted up to {@link COUNTED_MOST}. */
export interface EventCounts {
  /** Rows of the outbox that are not settled: events that a subscriber has not acknowledged, and jobs and workflows that were not taken over. */
  readonly outboxCount: number;
  /** Age of the first of these rows; 0 if there is none. */
  readonly outboxLagMs: number;
  /** Events of other contexts that wait for an earlier event of their key, or for their next attempt. */
  readonly heldCount: number;
  readonly parkedCount: number;
}

/** A parked event as it is shown: without its payload, which may contain secrets. */
export type ParkedEvent = Pick<WaitingEvent, "id" | "producer" | "name" | "key" | "attempts" | "reason">;

/** A held event that goes on only by an operator's decision, as it is shown: without its payload. */
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

/** A version of a workflow that has open runs and no body, or that is an earlier version with a body. */
export interface RunVersion {
  readonly workflow: string;
  readonly version: number;
  /** Its runs that have not ended, including stuck ones. */
  readonly openCount: number;
  /** Whether this version of the app has its body. */
  readonly hasBody: boolean;
  /** What an operator can do about it. */
  readonly advice: string;
}

/** The counts of a context's background work. */
export interface WorkCounts extends EventCounts {
  readonly jobs: JobCounts;
  readonly stuckCount: number;
}

/**
 * Shows what waits, has failed or is stuck in one context, and lets operators decide about it: the same for the dashboard, the command line and the metrics.
 *
 * A decision that is made twice counts once: the second answer is false. Errors: UNAVAILABLE - the context's database cannot be reached.
 */
export interface WorkConsole {
  readonly context: string;
  counts(): Promise<WorkCounts>;
  /** Jobs that failed for good, the latest first. */
  failedJobs(limit: number): Promise<readonly FailedJob[]>;
  /** Waiting jobs that this version of the app does not have, by name, with what an operator can do about them. */
  unknownJobs(limit: number): Promise<readonly UnknownJobs[]>;
  /** Makes a job that failed for good run again. */
  rerunJob(id: string): Promise<boolean>;
  /** The oldest first. */
  parkedEvents(limit: number): Promise<readonly ParkedEvent[]>;
  /**
   * Held events that this version has no handler for, or that have waited for more than a minute for an event that does not come. The oldest first, among the
   * 10 000 that came first. Events behind a held or parked event of their key are left out: they go on after it.
   */
  strandedEvents(limit: number): Promise<readonly StrandedEvent[]>;
  /** Lets a parked event be tried again, with all its attempts. An event that waits for one that does not come is worked off without it. */
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
