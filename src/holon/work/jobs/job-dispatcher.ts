import type { JobSender } from "./job-sender.ts";
import type { JobShelf } from "./job-shelf.ts";

/** What the dispatcher reads of a row of the outbox. */
export interface DispatchedRow {
  readonly id: string;
}

/** Takes rows of the outbox that are jobs and brings them on their way. */
export type JobDispatcher = (rows: readonly DispatchedRow[]) => Promise<void>;

/**
 * Makes what the publisher of the outbox calls with rows of kind `job`, which it holds by lease, not in an open transaction.
 *
 * When it returns, the rows are settled: the jobs are taken over into `holon_jobs`, and on their queues or to be sent by the sweeper.
 * Guarantee: dispatching a row again does nothing. Errors: UNAVAILABLE - nothing was taken over.
 */
export function createJobDispatcher({ shelf, sender }: { readonly shelf: JobShelf; readonly sender: JobSender }): JobDispatcher {
  return async (rows) => {
    if (rows.length === 0) return;
    await sender.send(await shelf.takeOver(rows.map(({ id }) => id)));
  };
}
