import { createContextData } from "../../../src/holon/data/context-data.ts";
import { systemClock } from "../../../src/holon/kernel/clock.ts";
import { DEFAULT_LIMITS } from "../../../src/holon/kernel/limits.ts";
import { silentLogger } from "../../../src/holon/kernel/log.ts";
import { createJobAdmin } from "../../../src/holon/work/jobs/job-admin.ts";
import type { Fleet } from "../harness/fleet.ts";
import { waitUntil } from "../harness/wait.ts";

/** The number of rows in each state. */
export type State = Readonly<Record<string, number>>;

/** A job that failed permanently, and was run again. */
export interface FailedChore {
  readonly id: string;
}

/** The states of all jobs with a name. */
export async function statesOf(fleet: Fleet, job: string): Promise<State> {
  const rows = await fleet.sql("chores")<
    { state: string; n: number }[]
  >`select state, count(*)::int as n from chores.holon_jobs where name = ${job} group by state`;
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
}

/** Waits until the jobs with a name are in these states. */
export async function whenIn(fleet: Fleet, job: string, wanted: State): Promise<void> {
  await waitUntil(`jobs "${job}" are ${JSON.stringify(wanted)}`, async () => {
    const states = await statesOf(fleet, job);
    return JSON.stringify(states) === JSON.stringify(wanted) || states;
  });
}

/**
 * Runs all failed jobs with a name again, through the same admin interface as the dashboard and the command line. Returns those that were run again.
 */
export async function rerunChore(fleet: Fleet, job: string): Promise<FailedChore[]> {
  const [context, clock, log] = ["chores", systemClock, silentLogger] as const;
  const store = createContextData({ context, url: fleet.databaseUrl(context), role: undefined, tables: {}, limits: DEFAULT_LIMITS, clock, log });
  const jobs = createJobAdmin({ context, jobs: {}, store, backend: undefined, clock, log });
  try {
    const failed = await fleet.sql(context)<FailedChore[]>`select id from chores.holon_jobs where name = ${job} and state in ('failed', 'waiting')`;
    const again: FailedChore[] = [];
    for (const chore of failed) if (await jobs.rerun(chore.id)) again.push(chore);
    return again;
  } finally {
    await store.close();
  }
}
