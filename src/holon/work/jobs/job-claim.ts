import type { Principal } from "../../kernel/principal.ts";

/** A run of a job that this process holds. Everything that is written about the run is written under its attempt and its fence. */
export interface JobClaim {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly attempt: number;
  /** How many earlier runs ended in an error. */
  readonly failures: number;
  /** Whether the run before this one was cut off, see {@link WAS_CUT_OFF}. */
  readonly wasCutOff: boolean;
  readonly alone: boolean;
  /** The fence, stored as `run_by`. No two claims of a job have the same fence. */
  readonly runBy: string;
  /** A moment on the monotonic clock, before the claim was sent to the database: its lease counts from this moment. */
  readonly sinceMs: number;
  readonly traceparent: string | undefined;
  readonly initiator: Principal;
  /** Whether the job holds a deduplication key, which is released when the run begins. */
  readonly isKeyed: boolean;
}

/** The state of a job's row, without its data. */
export interface JobStanding {
  readonly id: string;
  readonly state: "running" | "waiting" | "done" | "failed";
  readonly attempts: number;
  readonly deaths: number;
  readonly run_by: string | null;
  /** Whether the job may run now. A queue may hand out a job too early, because queues use the clock of a process. */
  readonly is_due: boolean;
  /** For how long the job could have been taken from its queue. */
  readonly idle_ms: number;
}

/** The end of a run that went well. */
export interface EndedRun {
  readonly claim: JobClaim;
  /** As JSON; undefined if there is no result. */
  readonly result: string | undefined;
}

/** Identifies the lease of a claim among all others. */
export interface LeaseKey {
  readonly id: string;
  readonly fence: string;
}

/** The key of the lease of a claim. */
export function leaseKey({ id, runBy }: JobClaim): LeaseKey {
  return { id, fence: runBy };
}

/** The columns of a row that a claim is made from. */
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

/** Makes a claim from a row. */
export function toClaim(row: ClaimRow, sinceMs: number): JobClaim {
  const { attempts: attempt, run_by: runBy, keyed: isKeyed, was_cut_off: wasCutOff, traceparent, id, name, data, failures, alone, initiator } = row;
  return { id, name, data, attempt, failures, wasCutOff, alone, runBy, sinceMs, traceparent: traceparent ?? undefined, initiator, isKeyed };
}
