import type { Principal } from "../../kernel/principal.ts";
import type { KeptError } from "./step-error.ts";

/** A run that this process holds. Everything that is written about the run is written under its fence. */
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
  /** The error of its body, if the run is being undone. */
  readonly error: KeptError | undefined;
}

/** The kinds of steps. */
export const STEP_KINDS = ["call", "transaction", "run", "sleep", "wait"] as const;

export type StepKind = (typeof STEP_KINDS)[number];

/** The states of steps; see {@link StepRecord}. */
export const STEP_STATES = ["started", "done", "failed", "undone"] as const;

/**
 * A step as it is recorded.
 *
 *     started --result--> done --undo--> undone
 *     started --refused, or no attempts left--> failed --undo, if in doubt--> undone
 *     started --its run fails, undo--> undone, in doubt
 */
export interface StepRecord {
  readonly runId: string;
  readonly name: string;
  readonly ordinal: number;
  readonly kind: StepKind;
  /** Whether other steps were under way when the body reached it. */
  readonly concurrent: boolean;
  readonly state: (typeof STEP_STATES)[number];
  /** How many attempts have begun. */
  readonly attempts: number;
  /** Of `attempts`, those that count as failures of the step. */
  readonly failures: number;
  /** Whether the last attempt was cut off, see {@link WAS_CUT_OFF_TEXT}. */
  readonly wasCutOff: boolean;
  readonly result: unknown;
  readonly error: KeptError | undefined;
  /** Whether the step may have had its effect although no result is recorded. */
  readonly inDoubt: boolean;
  readonly undoAttempts: number;
  /** Of `undoAttempts`, those that failed for another reason than that a service was away or busy. */
  readonly undoFailures: number;
  /** Milliseconds until a sleep or a wait is over; negative if it is over already. */
  readonly leftMs: number;
  /** Place of its answer among the answers of its run; undefined if it has no answer, or if a process of an earlier version recorded it. */
  readonly answerNumber: number | undefined;
  /** When its end was recorded, in milliseconds since 1970 by the database's clock; 0 if it has not ended. */
  readonly settledAtMs: number;
}

/** Whether the body has got the step's answer, or may have got it. */
export function isAnswered({ state, error, inDoubt }: StepRecord): boolean {
  return state !== "started" && (error !== undefined || state !== "undone" || !inDoubt);
}
