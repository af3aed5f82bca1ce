import type { Principal } from "../../kernel/index.ts";

/** A run of a job that this process holds: all that is written of it is written under its attempt and its fence only. */
export interface JobClaim {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly attempt: number;
  /** Runs that ended in an error before this one. */
  readonly failures: number;
  /** Whether the run before this one was cut off, see {@link WAS_CUT_OFF}. */
  readonly wasCutOff: boolean;
  readonly alone: boolean;
  /** The fence, written as `run_by`. No two claims of a job have the same one. */
  readonly runBy: string;
  /** A moment before the claim was sent to the database, on the monotonic clock: its lease counts from there. */
  readonly sinceMs: number;
  readonly traceparent: string | undefined;
  readonly initiator: Principal;
  /** Whether it holds a deduplication key, which is given free when the run begins. */
  readonly isKeyed: boolean;
}

/** What the row of a job says of its runs. */
export interface JobStanding {
  readonly id: string;
  readonly state: "running" | "waiting" | "done" | "failed";
  readonly attempts: number;
  readonly deaths: number;
  readonly run_by: string | null;
  /** False if a queue has handed it out early: it goes by the clock of a process. */
  readonly is_due: boolean;
}

/** What became of claims and ends that were written together. */
export interface NotedPage {
  readonly claimed: Map<string, JobClaim>;
  readonly ended: Set<string>;
}

/** How many jobs of a name. */
export interface JobCount {
  readonly name: string;
  readonly count: number;
}

/** The end of a run, as it is written. */
export interface EndedRun {
  readonly claim: JobClaim;
  /** As JSON; undefined for nothing. */
  readonly result: string | undefined;
}

/** How a run of a job ended. `lost` means that the job had become somebody else's meanwhile, and nothing was written. */
export type JobOutcome = { readonly kind: "done" | "lost" } | { readonly kind: "again" | "failed"; readonly error: unknown };

/** A row as claims are read from it. */
export interface ClaimRow {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly attempts: number;
  readonly failures: number;
  readonly alone: boolean;
  readonly run_by: string;
  readonly traceparent: string | null;
  readonly initiator: Principal;
  readonly keyed: boolean;
  readonly was_cut_off: boolean;
}

/** Reads a claim from its row. */
export function toClaim(row: ClaimRow, sinceMs: number): JobClaim {
  const { attempts: attempt, run_by: runBy, keyed: isKeyed, was_cut_off: wasCutOff, traceparent, id, name, data, failures, alone, initiator } = row;
  return { id, name, data, attempt, failures, wasCutOff, alone, runBy, sinceMs, traceparent: traceparent ?? undefined, initiator, isKeyed };
}
