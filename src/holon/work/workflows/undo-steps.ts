import { setTimeout as sleep } from "node:timers/promises";
import { type BackoffBounds, fullJitterMs } from "../../kernel/backoff.ts";
import { isHolonError } from "../../kernel/holon-error.ts";
import { redactText } from "../../observe/redaction.ts";
import type { ReachedStep } from "./replay.ts";
import type { StepRecord } from "./run-claim.ts";
import type { StatementTask } from "./step-attempts.ts";
import { toKept } from "./step-error.ts";
import type { StepDeps } from "./step-runner.ts";
import type { StepFunction } from "./workflow-body.ts";
import { DEFAULT_RETRY } from "./workflow-timing.ts";

/** The outcome of undoing a run. `halted`: it goes on in another session, after a wait. */
type UndoOutcome =
  | { readonly kind: "undone" | "lost" }
  | { readonly kind: "halted"; readonly waitMs: number }
  | { readonly kind: "stuck"; readonly reason: string };

/** A step to be undone. */
interface Undoable {
  readonly step: ReachedStep;
  readonly undo: StepFunction;
  readonly record: StepRecord;
}

/** Undoes the steps of a run, the last one first: those that are done, and those whose outcome is unknown. */
export async function undoSteps(
  deps: StepDeps,
  reached: readonly ReachedStep[],
  records: readonly StepRecord[],
  isStopping: () => boolean,
): Promise<UndoOutcome> {
  for (const undoable of toUndo(reached, records)) {
    const outcome = await undoStep(deps, undoable, isStopping);
    if (outcome.kind !== "undone") return outcome;
    deps.attempts.hasRecorded = true;
  }
  return { kind: "undone" };
}

function toUndo(reached: readonly ReachedStep[], records: readonly StepRecord[]): readonly Undoable[] {
  const byName = new Map(records.map((record) => [record.name, record]));
  return reached
    .flatMap((step) => {
      const record = byName.get(step.name);
      return step.undo === undefined || record === undefined || !needsUndo(record) ? [] : [{ step, undo: step.undo, record }];
    })
    .sort((one, other) => other.step.ordinal - one.step.ordinal);
}

/** A transaction that is not recorded was rolled back, so it needs no undo. */
function needsUndo({ state, kind, inDoubt }: StepRecord): boolean {
  return state === "done" || (state === "started" && kind !== "transaction") || (state === "failed" && inDoubt);
}

async function undoStep(deps: StepDeps, undoable: Undoable, isStopping: () => boolean): Promise<UndoOutcome> {
  const { claim, runs, steps, attempts, timing, random } = deps;
  const { step, record } = undoable;
  const about = (task: string): StatementTask => ({ task, step: step.name });
  // When an earlier version resumes a run, it resets only the count of all attempts.
  let failures = Math.min(record.undoFailures, record.undoAttempts);
  for (let attempt = record.undoAttempts + 1; ; attempt++) {
    if (attempts.isOver) return { kind: "lost" };
    // Checked before each attempt: the waits between attempts may all be too short for the run to be given back.
    if (isStopping()) return { kind: "halted", waitMs: 0 };
    try {
      await runUndo(deps, undoable, attempt);
      attempts.log.info({ step: step.name, attempt }, "a step is undone");
      return { kind: "undone" };
    } catch (error) {
      if (attempts.isOver || !(await attempts.statement(() => runs.isHeld(claim), about("read which process has the run")))) return { kind: "lost" };
      const now = await attempts.statement(() => steps.find(claim, step), about("read the state of its undo"));
      if (now?.state === "undone") return { kind: "undone" };
      // The call to be undone is still running in another process. It ends by itself, so this attempt is not counted as a failure.
      if (isHolonError(error, "KEY_IN_FLIGHT")) return { kind: "halted", waitMs: timing.heldWaitMs };
      const away = isAway(error);
      if (!away) failures++;
      await attempts.statement(() => steps.undoFailed(claim, step, attempt, failures), about("write that its undo failed"));
      const ownWaits = { ...DEFAULT_RETRY, ...step.retry };
      const waitMs = fullJitterMs(attempt, away ? awayWaits(ownWaits) : ownWaits, random);
      attempts.log.warn({ err: error, step: step.name, attempt }, "a step could not be undone");
      // An effect outside fails in the same way whether it is refused or its provider is away. So its undo has at least as many attempts as the step.
      const ownCount = step.kind === "run" ? (step.retry?.attempts ?? 0) : 0;
      if (away ? attempt >= timing.undoAwayAttemptsCount : failures >= Math.max(timing.undoAttemptsCount, ownCount))
        return { kind: "stuck", reason: `The step ${step.name} could not be undone. ${reasonOf(error)}` };
      if (waitMs > timing.heldWaitMs) return { kind: "halted", waitMs };
      await sleep(waitMs);
    }
  }
}

async function runUndo({ claim, steps, attempts, host }: StepDeps, { step, undo, record }: Undoable, attempt: number): Promise<void> {
  const key = `${claim.id}/${step.name}`;
  const isInDoubt = record.state !== "done";
  const known = { result: isInDoubt ? undefined : record.result, isInDoubt, key, attempt };
  await attempts.run(`${step.name} (undo)`, step.timeoutMs, async (scope) => {
    if (step.kind === "transaction") {
      await host.transaction(
        scope,
        (args) => undo({ ...args, ...known }),
        () => steps.undone(claim, step),
      );
      return;
    }
    const args = step.kind === "call" ? host.calls(scope, `${key}~undo`).args : host.reads(scope);
    await undo({ ...args, ...known });
  });
  if (step.kind === "transaction") return;
  await attempts.statement(() => steps.writeUndone(claim, step), { task: "write that it is undone", step: step.name });
}

/**
 * The waits for a callee that is away. They are at least the usual ones, so that all attempts together last longer than a restart of the callee, whatever the
 * step says.
 */
function awayWaits({ firstMs, greatestMs }: BackoffBounds): BackoffBounds {
  return { firstMs: Math.max(firstMs, DEFAULT_RETRY.firstMs), greatestMs: Math.max(greatestMs, DEFAULT_RETRY.greatestMs) };
}

/** The error as a sentence for operators. */
function reasonOf(error: unknown): string {
  const { code, message } = toKept(error);
  return `${code}: ${redactText(message)}`;
}

/** Whether another service was away or busy, which passes. */
function isAway(error: unknown): boolean {
  return isHolonError(error) && ["UNAVAILABLE", "OVERLOADED", "DEADLINE_EXCEEDED"].includes(error.code);
}
