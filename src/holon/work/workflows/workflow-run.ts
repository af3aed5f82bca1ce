import type { ContextData } from "../../data/context-data.ts";
import { quoteIdentifier } from "../../data/identifier.ts";
import type { Scope } from "../../kernel/scope.ts";

/**
 * The state of a run.
 *
 *     waiting --claimed--> running --body returned--> done
 *     running --sleep, waitFor--> sleeping --due--> running
 *     running --attempt failed--> waiting --due--> running
 *     running --body threw--> undoing --all undone--> undone
 *     running, undoing --cannot go on--> stuck --resume--> waiting, undoing
 */
export type RunState = "waiting" | "running" | "sleeping" | "undoing" | "done" | "undone" | "stuck";

/** The answer of `tx.start`. */
export interface StartedRun {
  readonly runId: string;
  /** False if a run with the same key existed already. A run is kept until `runsKeptMs` (30 days) after its end. */
  readonly isNew: boolean;
}

/** A run, as callers see it. */
export interface WorkflowRun {
  readonly id: string;
  readonly state: RunState;
  /** Whether the run may still do something by itself. A stuck run does nothing until it is resumed. */
  readonly isActive: boolean;
  /** Why the run was undone, is being undone, or is stuck. */
  readonly reason: string | undefined;
  /** The error that made the run fail, if that error came from its body. */
  readonly error: { readonly code: string; readonly message: string; readonly details?: unknown } | undefined;
  /** What its body returned. */
  readonly result: unknown;
}

type Row = readonly [id: string, state: RunState, reason: string | null, error: WorkflowRun["error"] | null, result: unknown];

/** Reads the state of the run with this workflow and key; undefined if there is none. */
export async function findRun(
  store: Pick<ContextData, "statement" | "context">,
  scope: Scope,
  workflow: string,
  key: string,
): Promise<WorkflowRun | undefined> {
  const text = `select id, state, reason, error, result from ${quoteIdentifier(store.context)}.holon_runs where workflow = $1 and key = $2`;
  const [row] = (await store.statement(scope, { text, params: [workflow, key], prepare: true, rows: "arrays" })) as readonly Row[];
  if (row === undefined) return undefined;
  const [id, state, reason, error, result] = row;
  return { id, state, isActive: isActive(state), reason: reason ?? undefined, error: error ?? undefined, result: result ?? undefined };
}

/** Whether a run may still do something by itself. A state that only another version knows counts as active. */
function isActive(state: RunState): boolean {
  return state !== "done" && state !== "undone" && state !== "stuck";
}
