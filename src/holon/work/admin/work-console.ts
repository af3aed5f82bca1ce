import type { StrandedEvent as StrandedRow, WaitingEvent } from "../inbox/inbox.ts";
import type { FailedJob, JobCounts, UnknownJobs } from "../jobs/job-console.ts";

/** How many events of a context are in which state, each counted up to {@link COUNTED_MOST}. */
export interface EventCounts {
  /** Rows of the outbox that are not settled: events that somebody has not taken yet, jobs and workflows not taken over. */
  readonly outboxCount: number;
  /** Age of the one of them that stands first; 0 where none is. */
  readonly outboxLagMs: number;
  /** Events of others that wait for an earlier one of their key, or for their next attempt. */
  readonly heldCount: number;
  readonly parkedCount: number;
}

/** A parked event as it is shown: without its payload, which may be anybody's secret. */
export type ParkedEvent = Pick<WaitingEvent, "id" | "producer" | "name" | "key" | "attempts" | "reason">;

/** A held event that goes on only by a decision, as it is shown: without its payload. */
export interface StrandedEvent extends Pick<StrandedRow, "id" | "producer" | "name" | "key" | "waitsFor"> {
  readonly reason: string;
}

/** A workflow run that goes neither on nor back. */
export interface StuckRun {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly key: string;
  readonly reason: string | null;
}

/** A version of a workflow that has open runs and no body, or a body and an earlier number. */
export interface RunVersion {
  readonly workflow: string;
  readonly version: number;
  /** Runs of it that have not ended; stuck ones too. */
  readonly openCount: number;
  /** Whether this version of the app has its body. */
  readonly hasBody: boolean;
  /** What to do about it. */
  readonly advice: string;
}

/** What waits in a context, in numbers. */
export interface WorkCounts extends EventCounts {
  readonly jobs: JobCounts;
  readonly stuckCount: number;
}

/**
 * What waits, failed or stands still in one context, and what a person may do about it: the same for the page, the command line and the metrics.
 *
 * Deciding twice decides once: the second answer is false. Errors: UNAVAILABLE - the context's database cannot be reached.
 */
export interface WorkConsole {
  readonly context: string;
  counts(): Promise<WorkCounts>;
  /** Jobs that failed for good, the latest first. */
  failedJobs(limit: number): Promise<readonly FailedJob[]>;
  /** Jobs that wait and that this version of the app does not have, by name, with what to do about them. */
  unknownJobs(limit: number): Promise<readonly UnknownJobs[]>;
  /** Makes a job that failed for good run again. */
  rerunJob(id: string): Promise<boolean>;
  /** The oldest first. */
  parkedEvents(limit: number): Promise<readonly ParkedEvent[]>;
  /**
   * Held events that this version has no handler for, or that have waited for an event that does not come for more than a minute; the oldest first, among the
   * 10 000 that came first. Those behind an event of their key that is held or parked are left out: they go on after it.
   */
  strandedEvents(limit: number): Promise<readonly StrandedEvent[]>;
  /** Lets a parked event be tried again, with all its attempts, and one that waits for an event that does not come be worked off without it. */
  releaseEvent(id: string): Promise<boolean>;
  /** Goes on without the effect of an event that is parked or stranded. */
  skipEvent(id: string): Promise<boolean>;
  /** Removes one that is not part of the app any more from those who hear this context's events; what it has not taken is dropped. */
  forgetSubscriber(name: string): Promise<boolean>;
  stuckRuns(limit: number): Promise<readonly StuckRun[]>;
  resumeRun(id: string): Promise<boolean>;
  /** Versions of workflows that have open runs and no body here, and earlier versions whose bodies are still here. */
  runVersions(): Promise<readonly RunVersion[]>;
  /** Open runs of versions that have no body here, counted among the {@link COUNTED_MOST} that are due first and as many that are stuck. */
  leftRuns(): Promise<readonly Pick<RunVersion, "workflow" | "version" | "openCount">[]>;
}
