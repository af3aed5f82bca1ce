import type { LeftWork } from "../left-work.ts";
import type { JobSender } from "./job-sender.ts";
import type { OutboxPlace } from "./job-statements.ts";
import type { JobTable } from "./job-table.ts";

interface JobDispatcherParts {
  readonly table: JobTable;
  readonly sender: JobSender;
  readonly left: LeftWork;
  /** Notifies other processes that there are jobs which this one does not know. */
  readonly tellOthers: () => void;
}

/** Takes over the jobs of outbox rows, and sends them. */
export type JobDispatcher = (rows: readonly OutboxPlace[]) => Promise<void>;

/**
 * Returns the function that the publisher of the outbox calls with rows of kind `job`. The publisher holds the rows by a lease, not in an open transaction.
 *
 * When the function resolves, the rows are settled: their jobs are in `holon_jobs`, and either on their queues or to be sent by the sweeper of a process that
 * knows them.
 * Guarantee: dispatching a row again does nothing. Errors: UNAVAILABLE - nothing was taken over.
 */
export function createJobDispatcher({ table, sender, left, tellOthers }: JobDispatcherParts): JobDispatcher {
  return async (rows) => {
    if (rows.length === 0) return;
    const ids = rows.map(({ id }) => id);
    const sendable = await table.takeOver(rows);
    await sender.send(sendable);
    if (sendable.length === ids.length) return;
    const [unknown, unreadable] = await Promise.all([table.unknown(ids), table.unreadable(rows)]);
    for (const { name, count } of unreadable) left.note("delay", name, count);
    if (unknown.length > 0) tellOthers();
    for (const { name, count } of unknown) left.note("job", name, count);
  };
}
