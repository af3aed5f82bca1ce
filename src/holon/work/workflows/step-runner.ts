import { setTimeout as sleep } from "node:timers/promises";
import { isWorthRepeating } from "../../data/database-error.ts";
import { CommitPipeline, PredecessorFailed } from "../../data/transaction/commit-pipeline.ts";
import { fullJitterMs } from "../../kernel/backoff.ts";
import { assertInvariant, catalogueError, isHolonError } from "../../kernel/holon-error.ts";
import { isCutOff } from "../../kernel/origin.ts";
import { isInstanceOf } from "../../kernel/thrown.ts";
import { describeError } from "../../observe/redaction.ts";
import { reasonOfAttempt } from "../engine/cut-off.ts";
import type { AnswerOrder, AnswerPlace } from "./answer-order.ts";
import type { ReceivedEvent } from "./awaited-events.ts";
import type { ReachedStep } from "./replay.ts";
import type { RunClaim } from "./run-claim.ts";
import type { RunStore } from "./run-store.ts";
import type { StatementTask, StepAttempts } from "./step-attempts.ts";
import { fromKept, isDoubtful, isWorthTrying, toKept } from "./step-error.ts";
import type { AwaitedKey, StepStore, StepTries } from "./step-store.ts";
import type { StepCalls, StepFunction, StepHost } from "./workflow-body.ts";
import { DEFAULT_RETRY, type WorkflowTiming } from "./workflow-timing.ts";

/** What all steps of one run share. */
export interface StepDeps {
  readonly claim: RunClaim;
  readonly runs: RunStore;
  readonly steps: StepStore;
  readonly host: StepHost;
  readonly attempts: StepAttempts;
  readonly timing: WorkflowTiming;
  readonly random: () => number;
}

/** The outcome of a step in this process. */
export type StepOutcome =
  /** The step has ended, and its end is recorded or being committed. */
  | { readonly kind: "done"; readonly value: unknown; readonly answer: AnswerPlace }
  | { readonly kind: "failed"; readonly error: Error; readonly answer: AnswerPlace }
  /** The step goes on after a while. */
  | {
      readonly kind: "later";
      readonly waitMs: number;
      readonly awaited?: AwaitedKey;
      readonly resume: (event?: ReceivedEvent) => Promise<StepOutcome>;
    }
  /** The step was not committed, although the body has gone on with its result. The step is tried again after a while. */
  | { readonly kind: "speculationFailed"; readonly waitMs: number }
  /** Another process has the run now. */
  | { readonly kind: "lost" };

/** A step with an effect, and the progress of its attempts. */
interface Trial {
  readonly step: ReachedStep;
  readonly run: StepFunction;
  attempt: number;
  /** How many attempts count as failures of the step (I5). */
  failures: number;
  /** Why the last attempt failed; undefined if none has failed in this process. */
  reason: string | undefined;
  /** Whether the last attempt was cut off. */
  wasCutOff: boolean;
  /** Whether an earlier attempt may have had its effect. */
  inDoubt: boolean;
  /** The place of its answer; undefined until the statement that records its end is made. */
  answer: AnswerPlace | undefined;
  /** Whether its answer cannot be kept. Then it is not tried again: another attempt would have its effect again, and return the same answer. */
  isRefused: boolean;
  /** Whether the statement that records the end of an effect outside of the database was sent. */
  isEndSent: boolean;
  /** Called with the result when only the commit is left. */
  readonly onCommitting: (result: unknown, answer: AnswerPlace) => void;
  /** Whether the commit was sent, and the body goes on with the result. */
  isAhead: boolean;
}

/**
 * Tries the steps of one run that have an effect.
 *
 * I1. A step with an effect outside of the database is recorded before its first attempt: a process that finds the step without a result treats it as in doubt.
 * I2. The record of a transaction step is part of its transaction: both are committed, or neither is.
 * I3. What follows from a failure is decided by what is recorded: a commit whose answer was lost counts as done, if it is recorded.
 * I4. An end that may have been written keeps the number of its answer (I5 of {@link AnswerOrder}).
 * I5. An attempt that has no outcome, because its process died, stopped or lost the run, does not count as a failure of the step. The first attempt in a row
 *     that was cut off does not count either.
 */
export class StepRunner {
  readonly #deps: StepDeps;
  readonly #order: AnswerOrder;
  readonly #pipeline = new CommitPipeline();
  /** Set when the body has ended: a step that fails then is not tried again, but undone. */
  isBodyOver = false;
  /** Set when the session has failed or the process stops: a step that fails then has the rest of its attempts in another session. */
  isSessionOver = false;

  constructor(deps: StepDeps, order: AnswerOrder) {
    this.#deps = deps;
    this.#order = order;
  }

  /** Resolves when all transactions that were sent have committed. Errors: PredecessorFailed. */
  get settled(): Promise<void> {
    return this.#pipeline.settled;
  }

  /**
   * Tries a step until it is done or has failed for good. `onCommitting` gets the result of a transaction when its commit is sent, so that the body goes on.
   *
   * Errors: those of the database, if the end was refused or could not be written while the run was held; PredecessorFailed if an earlier step was not
   * committed after all.
   */
  try(step: ReachedStep, run: StepFunction, onCommitting: Trial["onCommitting"] = () => {}): Promise<StepOutcome> {
    const { record } = step;
    // I1. An attempt of an earlier session may have had its effect.
    const inDoubt = record !== undefined && step.kind !== "transaction";
    const { attempts = 0, failures = 0, wasCutOff = false } = record ?? {};
    const begun = { attempt: attempts, failures, reason: undefined, wasCutOff, inDoubt };
    return this.#go({ step, run, onCommitting, ...begun, answer: undefined, isRefused: false, isEndSent: false, isAhead: false });
  }

  async #go(trial: Trial): Promise<StepOutcome> {
    for (;;) {
      trial.attempt++;
      if (this.#deps.attempts.isOver) return { kind: "lost" };
      const outcome = await this.#attempt(trial);
      if (outcome !== "again") return outcome;
    }
  }

  async #attempt(trial: Trial): Promise<StepOutcome | "again"> {
    const { attempts } = this.#deps;
    const { step, attempt } = trial;
    try {
      const done = await (step.kind === "transaction" ? this.#transaction(trial) : this.#effect(trial));
      attempts.log.info({ step: step.name, attempt }, "a step is done");
      return done;
    } catch (error) {
      return this.#judge(trial, error);
    }
  }

  #transaction(trial: Trial): Promise<StepOutcome> {
    const { attempts, host, steps, claim } = this.#deps;
    const { step, run, attempt } = trial;
    return attempts.run(step.name, step.timeoutMs, async (scope) => {
      let ended: { readonly value: unknown; readonly answer: AnswerPlace } | undefined;
      // I2.
      const record = (result: unknown) => {
        const value = this.#keep(trial, result, "is rolled back");
        const answer = this.#order.take(trial.answer);
        trial.answer = answer;
        ended = { value, answer };
        return steps.done(claim, step, attempt, value, answer);
      };
      const onCommitting = (): void => {
        trial.isAhead = true;
        if (ended !== undefined) trial.onCommitting(ended.value, ended.answer);
      };
      await host.transaction(scope, run, record, { pipeline: this.#pipeline, onCommitting });
      assertInvariant(ended !== undefined, "a transaction that committed has recorded its step");
      return { kind: "done", ...ended };
    });
  }

  /** I1. Runs one attempt of a step whose effect is outside of the database. */
  async #effect(trial: Trial): Promise<StepOutcome> {
    const { attempts, host, steps, claim } = this.#deps;
    const { step, run, attempt } = trial;
    const key = `${claim.id}/${step.name}`;
    await attempts.statement(() => steps.begun(claim, step, triesOf(trial)), { task: "write that it begins", step: step.name });
    let calls: StepCalls | undefined;
    try {
      const result = await attempts.run(step.name, step.timeoutMs, async (scope) => {
        if (step.kind === "run") return run({ ...host.reads(scope), key, attempt });
        calls = host.calls(scope, key);
        return run(calls.args);
      });
      const value = this.#keep(trial, result, "has acted, and is not tried again");
      calls = undefined;
      const answer = this.#order.take(trial.answer);
      trial.answer = answer;
      trial.isEndSent = true;
      // I4. The number is the same each time: if the end is written twice, the second write is refused, and this number is recorded.
      await attempts.statement(() => steps.writeDone(claim, step, attempt, value, answer), { task: "write its result", step: step.name });
      return { kind: "done", value, answer };
    } catch (error) {
      trial.inDoubt ||= calls === undefined ? trial.isRefused || isDoubtful(error) : calls.mayHaveActed();
      throw error;
    }
  }

  /** The JSON image of a result, as it is kept. Errors: INTERNAL, PAYLOAD_TOO_LARGE if it cannot be kept. */
  #keep(trial: Trial, result: unknown, what: string): unknown {
    try {
      return toJsonImage(result);
    } catch (error) {
      trial.isRefused = true;
      const code = isHolonError(error, "PAYLOAD_TOO_LARGE") ? error.code : "INTERNAL";
      throw catalogueError(code, `The step ${trial.step.name} ${what}: its answer cannot be kept as JSON (${describeError(error)}).`);
    }
  }

  /** I3. Decides what follows from a failed attempt. */
  async #judge(trial: Trial, error: unknown): Promise<StepOutcome | "again"> {
    const { claim, runs, steps, attempts, timing, random } = this.#deps;
    if (isInstanceOf(error, PredecessorFailed)) throw error;
    const { step, attempt, inDoubt, isAhead, answer } = trial;
    const about = (task: string): StatementTask => ({ task, step: step.name });
    // If an earlier transaction was not committed, this one may have failed because of that.
    if (step.kind === "transaction" && !isAhead) await this.#pipeline.settled;
    const { attempts: greatest, firstMs, greatestMs } = { ...DEFAULT_RETRY, ...step.retry };
    if (attempts.isOver || !(await attempts.statement(() => runs.isHeld(claim), about("read which process has the run")))) return { kind: "lost" };
    const record = await attempts.statement(() => steps.find(claim, step), about("read the state of the step"));
    // An end that was given up was written after all, under an earlier number. The error ends this session. The next one goes on from the records, with that
    // number.
    if (record?.state === "done" && record.answerNumber !== answer?.number) throw error;
    if (record?.state === "done" && answer !== undefined) return { kind: "done", value: record.result, answer };
    // No other layer repeats a transaction after a conflict during its commit.
    const isPassing = !trial.isRefused && (isWorthTrying(error) || (isAhead && isWorthRepeating(error)));
    const isCounted = countFailure(trial, error);
    if ((this.isBodyOver && !isAhead) || !isPassing || trial.failures >= greatest) {
      const kept = toKept(error);
      const place = this.#order.take(answer);
      trial.answer = place;
      await attempts.statement(() => steps.failed(claim, step, attempt, kept, inDoubt, place), about("write that it failed"));
      attempts.log.warn({ err: error, step: step.name, attempt, inDoubt }, "a step failed");
      return { kind: "failed", error: fromKept(kept), answer: place };
    }
    // I4. It is not certain whether the end was written.
    if (trial.isEndSent) throw error;
    if (answer !== undefined && !isAhead) this.#order.giveUp(answer);
    const waitMs = fullJitterMs(attempt, { firstMs, greatestMs }, random);
    const said = isCounted
      ? "a step failed and is tried again"
      : "a step was cut off and is tried again; a cut-off is counted as a failure only if the attempt before was cut off too";
    attempts.log.warn({ err: error, step: step.name, attempt, waitMs }, said);
    if (!isAhead && waitMs <= timing.heldWaitMs) {
      await sleep(waitMs);
      if (!this.isSessionOver) return "again";
    }
    await attempts.statement(() => steps.begun(claim, step, triesOf(trial)), about("write that it goes on later"));
    // A body that is ahead of what was committed is run again from the records.
    return isAhead ? { kind: "speculationFailed", waitMs } : { kind: "later", waitMs, resume: () => this.#go(trial) };
  }
}

/** I5. Returns whether the attempt counts as a failure. */
function countFailure(trial: Trial, error: unknown): boolean {
  const isCut = isCutOff(error);
  const isCounted = trial.wasCutOff || !isCut;
  if (isCounted) trial.failures++;
  trial.wasCutOff = isCut;
  trial.reason = reasonOfAttempt(error, GREATEST_REASON_LENGTH);
  return isCounted;
}

function triesOf({ attempt, failures, reason, inDoubt }: Trial): StepTries {
  return { attempts: attempt, failures, reason, inDoubt };
}

/** Keeps only what JSON keeps of a result, from the first time on: so a body sees no difference when it is run again. */
function toJsonImage(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError(`It is a ${typeof value}.`);
  const text = JSON.stringify(value);
  if (text === undefined) return undefined;
  if (text.length > GREATEST_RESULT_LENGTH)
    throw catalogueError("PAYLOAD_TOO_LARGE", `The result of a step has ${text.length} characters, more than ${GREATEST_RESULT_LENGTH}.`);
  return JSON.parse(text);
}

const GREATEST_RESULT_LENGTH = 1024 * 1024;
const GREATEST_REASON_LENGTH = 1_000;
