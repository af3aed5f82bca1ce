import { setTimeout as sleep } from "node:timers/promises";
import { ChainBroken, isWorthRepeating, TransactionChain } from "../../data/index.ts";
import { catalogueError, fullJitterMs, isInstanceOf } from "../../kernel/index.ts";
import type { ReachedStep } from "./replay.ts";
import type { RunClaim, StepRecord } from "./run-claim.ts";
import type { RunStore } from "./run-store.ts";
import type { StepAttempts } from "./step-attempts.ts";
import { fromKept, isDoubtful, isWorthTrying, toKept } from "./step-error.ts";
import type { StepStore } from "./step-store.ts";
import type { StepCalls, StepFunction, StepHost } from "./workflow-body.ts";
import { DEFAULT_RETRY, type WorkflowTiming } from "./workflow-timing.ts";

/** What steps of one run need. */
export interface StepRunnerParts {
  readonly claim: RunClaim;
  readonly runs: RunStore;
  readonly steps: StepStore;
  readonly host: StepHost;
  readonly attempts: StepAttempts;
  readonly timing: WorkflowTiming;
  readonly random: () => number;
}

/**
 * What became of a step in this process: it has ended, the run must be put aside for a while (`halted`), or it is not this process's any more
 * (`lost`).
 */
export type StepOutcome =
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: Error }
  | { readonly kind: "halted"; readonly waitMs: number }
  | { readonly kind: "lost" };

/** A step with an effect, on its way through its attempts. */
interface Trial {
  readonly step: ReachedStep;
  readonly run: StepFunction;
  attempt: number;
  /** Whether an attempt that is over may have had its effect. */
  inDoubt: boolean;
  /** Told the result when all that is left is to commit it. */
  readonly onCommitting: (result: unknown) => void;
  /** Whether the body went on with a result that was not committed yet. */
  isAhead: boolean;
}

/** Tries the steps of one run that have an effect. */
export class StepRunner {
  readonly #parts: StepRunnerParts;
  readonly #chain = new TransactionChain();
  /** Set when the body has ended: what fails then is not tried again, but undone. */
  isBodyOver = false;

  constructor(parts: StepRunnerParts) {
    this.#parts = parts;
  }

  /** Resolves when all transactions that were sent have committed. Errors: ChainBroken. */
  get settled(): Promise<void> {
    return this.#chain.settled;
  }

  /**
   * Tries a step until it is done or failed for good. The result of a transaction is told when its commit is sent, for the body to go on with.
   *
   * Errors: the database's, where the end could not be written; ChainBroken where an earlier step did not commit after all.
   */
  async try(step: ReachedStep, run: StepFunction, onCommitting: (result: unknown) => void = () => {}): Promise<StepOutcome> {
    const { record } = step;
    // An attempt that was begun by a runner that died may have had its effect.
    const inDoubt = record !== undefined && step.kind !== "transaction";
    const trial: Trial = { step, run, attempt: record?.attempts ?? 0, inDoubt, onCommitting, isAhead: false };
    for (;;) {
      trial.attempt++;
      if (this.#parts.attempts.isOver) return { kind: "lost" };
      const outcome = await this.#attempt(trial);
      if (outcome !== "again") return outcome;
    }
  }

  async #attempt(trial: Trial): Promise<StepOutcome | "again"> {
    const { attempts } = this.#parts;
    const { step, attempt } = trial;
    try {
      const value = await (step.kind === "transaction" ? this.#transaction(trial) : this.#effect(trial));
      attempts.log.info({ step: step.name, attempt }, "a step is done");
      return { kind: "done", value };
    } catch (error) {
      return this.#judge(trial, error);
    }
  }

  #transaction(trial: Trial): Promise<unknown> {
    const { attempts, host, steps, claim } = this.#parts;
    const { step, run, attempt } = trial;
    return attempts.run(step.name, step.timeoutMs, async (scope) => {
      let kept: unknown;
      const record = (result: unknown) => {
        kept = toJsonImage(result);
        return steps.done(claim, step, attempt, kept);
      };
      const onCommitting = (): void => {
        trial.isAhead = true;
        trial.onCommitting(kept);
      };
      await host.transaction(scope, run, record, { chain: this.#chain, onCommitting });
      return kept;
    });
  }

  /** A step whose effect is elsewhere is noted before it is tried: whoever finds it without a result knows that it is in doubt. */
  async #effect(trial: Trial): Promise<unknown> {
    const { attempts, host, steps, claim } = this.#parts;
    const { step, run, attempt, inDoubt } = trial;
    const key = `${claim.id}/${step.name}`;
    await steps.begun(claim, step, attempt, inDoubt);
    let calls: StepCalls | undefined;
    try {
      const value = await attempts.run(step.name, step.timeoutMs, async (scope) => {
        if (step.kind === "run") return run({ ...host.reads(scope), key, attempt });
        calls = host.calls(scope, key);
        return run(calls.args);
      });
      calls = undefined;
      const kept = toJsonImage(value);
      await steps.writeDone(claim, step, attempt, kept);
      return kept;
    } catch (error) {
      trial.inDoubt ||= calls === undefined ? isDoubtful(error) : calls.mayHaveActed();
      throw error;
    }
  }

  /** Decides what follows from a failed attempt, by what is recorded: a commit that was not heard of counts. */
  async #judge(trial: Trial, error: unknown): Promise<StepOutcome | "again"> {
    const { claim, runs, steps, attempts, timing, random } = this.#parts;
    if (isInstanceOf(error, ChainBroken)) throw error;
    const { step, attempt, inDoubt, isAhead } = trial;
    // Where an earlier one did not commit, this one may have failed for want of it.
    if (step.kind === "transaction" && !isAhead) await this.#chain.settled;
    const { attempts: greatest, firstMs, greatestMs } = { ...DEFAULT_RETRY, ...step.retry };
    if (attempts.isOver || !(await runs.isHeld(claim))) return { kind: "lost" };
    const record = await this.#recorded(step);
    if (record?.state === "done") return { kind: "done", value: record.result };
    // Nobody has repeated what others stood in the way of while it was committed.
    const isPassing = isWorthTrying(error) || (isAhead && isWorthRepeating(error));
    if ((this.isBodyOver && !isAhead) || !isPassing || attempt >= greatest) {
      const kept = toKept(error);
      await steps.failed(claim, step, attempt, kept, inDoubt);
      attempts.log.warn({ err: error, step: step.name, attempt, inDoubt }, "a step failed");
      return { kind: "failed", error: fromKept(kept) };
    }
    const waitMs = fullJitterMs(attempt, { firstMs, greatestMs }, random);
    attempts.log.warn({ err: error, step: step.name, attempt, waitMs }, "a step failed and is tried again");
    // A body that is ahead of what was committed is run again: from the records.
    if (isAhead || waitMs > timing.heldWaitMs) {
      await steps.begun(claim, step, attempt, inDoubt);
      return { kind: "halted", waitMs };
    }
    await sleep(waitMs);
    return "again";
  }

  async #recorded({ name }: ReachedStep): Promise<StepRecord | undefined> {
    const records = await this.#parts.steps.load([this.#parts.claim.id]);
    return records.find((record) => record.name === name);
  }
}

/** Results are what JSON leaves of them from the first time on, so that a body sees no difference when it is run again. */
function toJsonImage(value: unknown): unknown {
  const text = JSON.stringify(value);
  if (text === undefined) return undefined;
  if (text.length > GREATEST_RESULT_LENGTH)
    throw catalogueError("PAYLOAD_TOO_LARGE", `The result of a step has ${text.length} characters, more than ${GREATEST_RESULT_LENGTH}.`);
  return JSON.parse(text);
}

const GREATEST_RESULT_LENGTH = 1024 * 1024;
