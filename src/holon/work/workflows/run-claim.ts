import type { Principal } from "../../kernel/index.ts";
import type { KeptError } from "./step-error.ts";

/** A run that this runner holds: whatever is written of it is written under its fence only. */
export interface RunClaim {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly key: string;
  readonly input: unknown;
  readonly isUndoing: boolean;
  readonly fence: string;
  readonly deaths: number;
  readonly traceparent: string | undefined;
  readonly initiator: Principal;
  /** What its body failed with, where it is undoing. */
  readonly error: KeptError | undefined;
}

/** What a step does. */
export const STEP_KINDS = ["call", "transaction", "run", "sleep", "wait"] as const;

export type StepKind = (typeof STEP_KINDS)[number];

/** How a step stands; see {@link StepRecord}. */
export const STEP_STATES = ["started", "done", "failed", "undone"] as const;

/** The states of runs that a runner takes up. */
export const CLAIMED_STATES = ["waiting", "running", "sleeping", "undoing"] as const;

/**
 * A step as it is recorded.
 *
 *     started --result--> done --undo--> undone
 *     started --refused, or attempts are up--> failed --undo, where in doubt--> undone
 *     started --run fails--> undone, in doubt
 */
export interface StepRecord {
  readonly runId: string;
  readonly name: string;
  readonly ordinal: number;
  readonly kind: StepKind;
  /** Whether others were under way when the body came to it. */
  readonly concurrent: boolean;
  readonly state: (typeof STEP_STATES)[number];
  readonly attempts: number;
  readonly result: unknown;
  readonly error: KeptError | undefined;
  /** Whether it may have had its effect without a result. */
  readonly inDoubt: boolean;
  readonly undoAttempts: number;
  /** Of these attempts, those that did not fail for something that passes by itself. */
  readonly undoFailures: number;
  /** Milliseconds until a sleep or a wait is over; below zero if it has been over for so long. */
  readonly leftMs: number;
  /** Place of its answer among those of its run; undefined if it has none, or if a runner of an earlier version recorded it. */
  readonly answerNumber: number | undefined;
  /** When its end was recorded, in milliseconds since 1970 by the database's clock; 0 if it has none. */
  readonly settledAtMs: number;
}

/** Whether the body has learnt what the step came to, or may have. */
export function isAnswered({ state, error, inDoubt }: StepRecord): boolean {
  return state !== "started" && (error !== undefined || state !== "undone" || !inDoubt);
}

/** A row as claims are read from it. */
export interface ClaimRow extends Record<string, unknown> {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly key: string;
  readonly input: unknown;
  readonly state: string;
  readonly fence: string;
  readonly deaths: number;
  readonly traceparent: string | null;
  readonly initiator: Principal;
  readonly error: KeptError | null;
}

/** Reads a claim from its row. */
export function toClaim({ state, traceparent, error, ...row }: ClaimRow): RunClaim {
  return { ...row, fence: String(row.fence), isUndoing: state === "undoing", traceparent: traceparent ?? undefined, error: error ?? undefined };
}
