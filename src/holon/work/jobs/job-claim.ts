import type { Principal } from "../../kernel/index.ts";

/** A run of a job that this runner holds: whatever is written of it is written under its attempt and runner only. */
export interface JobClaim {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly attempt: number;
  /** Runs that ended in an error before this one. */
  readonly failures: number;
  readonly alone: boolean;
  readonly runBy: string;
  readonly traceparent: string | undefined;
  readonly initiator: Principal;
}

/** The end of a run, as it is written. */
export interface EndedRun {
  readonly claim: JobClaim;
  readonly result: unknown;
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
}

/** Reads a claim from its row. */
export function toClaim(row: ClaimRow): JobClaim {
  const { id, name, data, attempts, failures, alone, run_by: runBy, traceparent, initiator } = row;
  return { id, name, data, attempt: attempts, failures, alone, runBy, traceparent: traceparent ?? undefined, initiator };
}
