import { isPassing } from "../../kernel/origin.ts";
import type { FailedRow, Outcome } from "./failing-rows.ts";
import type { LeasedRow } from "./outbox-lease.ts";

/** Sends rows. If it throws, none of the rows was sent. An error that does not pass is caused by a row, or by this process. */
export type Dispatch = (rows: readonly LeasedRow[]) => Promise<void>;

/** The outcome of the rows of one kind. `away`: a server was away, so the sending ended before all rows were tried. */
export interface Sending extends Outcome {
  readonly away?: { readonly error: unknown };
}

/** Rows of one kind, and how to send them. */
interface RowsToSend {
  readonly kind: LeasedRow["kind"];
  /** The rows, in groups that are sent one after the other, each as a whole. */
  readonly groups: readonly (readonly LeasedRow[])[];
  /** Whether the time of the rows is over: no group but the first is begun then. */
  isLate(): boolean;
  readonly send: Dispatch;
}

/**
 * Sends rows group by group. If a group fails with an error that does not pass, its rows are sent one by one, so that a row that fails by itself holds up no
 * others. Ends at the first failure that passes.
 */
export async function sendRows({ kind, groups, isLate, send }: RowsToSend): Promise<Sending> {
  const sent: LeasedRow[] = [];
  const failed: FailedRow[] = [];
  const untried = (): LeasedRow[] => groups.flat().slice(sent.length + failed.length);
  const sendOne = async (row: LeasedRow, failure: Failure | undefined): Promise<void> => {
    const own = failure ?? (await failureOf(send([row])));
    if (own === undefined) sent.push(row);
    else failed.push({ row, ...own });
  };
  try {
    for (const group of groups) {
      if (sent.length + failed.length > 0 && isLate()) break;
      const failure = await failureOf(send(group));
      if (failure === undefined) sent.push(...group);
      else for (const row of group) await sendOne(row, group.length === 1 ? failure : undefined);
    }
    return { kind, sent, failed, untried: untried() };
  } catch (error) {
    return { kind, sent, failed, untried: untried(), away: { error } };
  }
}

interface Failure {
  readonly error: unknown;
}

/** Waits for some work. Returns its error, if that does not pass; undefined if the work succeeded. Errors: those that pass are thrown. */
async function failureOf(work: Promise<void>): Promise<Failure | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isPassing(error)) throw error;
    return { error };
  }
}
