import type { ParkedEvent, StrandedEvent, StuckRun, WorkConsole, WorkCounts } from "../../work/admin/work-console.ts";
import type { FailedJob, UnknownJobs } from "../../work/jobs/job-console.ts";

/** The background work of one context; only `problem` if its database does not answer. */
export type ContextReport =
  | {
      readonly context: string;
      readonly counts: WorkCounts;
      readonly failedJobs: readonly FailedJob[];
      readonly unknownJobs: readonly UnknownJobs[];
      readonly parkedEvents: readonly ParkedEvent[];
      readonly strandedEvents: readonly StrandedEvent[];
      readonly stuckRuns: readonly StuckRun[];
    }
  | { readonly context: string; readonly problem: string };

/** The most rows of each kind that are shown for a context. */
const SHOWN_COUNT = 100;

/** Reads all contexts at once. A context that cannot be read does not hide the others. */
export function reportWork(consoles: readonly WorkConsole[]): Promise<ContextReport[]> {
  return Promise.all(consoles.map(reportContext));
}

async function reportContext(work: WorkConsole): Promise<ContextReport> {
  const { context } = work;
  try {
    const counts = await work.counts();
    const [failedJobs, unknownJobs, parkedEvents, strandedEvents, stuckRuns] = await Promise.all([
      work.failedJobs(SHOWN_COUNT),
      work.unknownJobs(SHOWN_COUNT),
      work.parkedEvents(SHOWN_COUNT),
      work.strandedEvents(SHOWN_COUNT),
      work.stuckRuns(SHOWN_COUNT),
    ]);
    return { context, counts, failedJobs, unknownJobs, parkedEvents, strandedEvents, stuckRuns };
  } catch {
    return { context, problem: "The database does not answer." };
  }
}
