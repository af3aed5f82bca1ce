import type { ContextData } from "../../data/context-data.ts";
import { quoteIdentifier } from "../../data/identifier.ts";
import type { Scope } from "../../kernel/scope.ts";
import type { RunState, WorkflowRun } from "./workflow-run.ts";

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
export function isActive(state: RunState): boolean {
  return state !== "done" && state !== "undone" && state !== "stuck";
}
