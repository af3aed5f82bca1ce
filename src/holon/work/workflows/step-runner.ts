import { setTimeout as sleep } from "node:timers/promises";
import { catalogueError, fullJitterMs } from "../../kernel/index.ts";
import type { ReachedStep } from "./replay.ts";
import type { RunClaim, StepRecord } from "./run-claim.ts";
import type { RunStore } from "./run-store.ts";
import type { StepAttempts } from "./step-attempts.ts";
import { fromKept, isDoubtful, isWorthTrying, toKept } from "./step-error.ts";
import type { StepStore } from "./step-store.ts";
import type { RawStepOptions, StepCalls, StepFunction, StepHost } from "./workflow-body.ts";
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
  readonly options: RawStepOptions;
  attempt: number;
  /** Whether an attempt that is over may have had its effect. */
  inDoubt: boolean;
}

/** Tries the steps of one run that have an effect. */
export class StepRunner {
  readonly #parts: StepRunnerParts;
  /** Set when the body has ended: what fails then is not tried again, but undone. */
  isBodyOver = false;

  constructor(parts: StepRunnerParts) {
    this.#parts = parts;
  }

  /** Tries a step until it is done or failed for good. Errors: the database's, where the end could not be written. */
  async try(step: ReachedStep, run: StepFunction, options: RawStepOptions = {}): Promise<StepOutcome> {
    const { record } = step;
    // An attempt that was begun by a runner that died may have had its effect.
    const trial: Trial = { step, run, options, attempt: record?.attempts ?? 0, inDoubt: record !== undefined && step.kind !== "transaction" };
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

  #transaction({ step, run, attempt }: Trial): Promise<unknown> {
    const { attempts, host, steps, claim } = this.#parts;
    return attempts.run(step.name, step.timeoutMs, async (scope) => {
      let kept: unknown;
      await host.transaction(scope, run, (result) => {
        kept = toJsonImage(result);
        return steps.done(claim, step, attempt, kept);
      });
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
    const { step, attempt, inDoubt } = trial;
    const { attempts: greatest, firstMs, greatestMs } = { ...DEFAULT_RETRY, ...trial.options.retry };
    if (attempts.isOver || !(await runs.isHeld(claim))) return { kind: "lost" };
    const record = await this.#recorded(step);
    if (record?.state === "done") return { kind: "done", value: record.result };
    if (this.isBodyOver || !isWorthTrying(error) || attempt >= greatest) {
      const kept = toKept(error);
      await steps.failed(claim, step, attempt, kept, inDoubt);
      attempts.log.warn({ err: error, step: step.name, attempt, inDoubt }, "a step failed");
      return { kind: "failed", error: fromKept(kept) };
    }
    const waitMs = fullJitterMs(attempt, { firstMs, greatestMs }, random);
    attempts.log.warn({ err: error, step: step.name, attempt, waitMs }, "a step failed and is tried again");
    if (waitMs > timing.heldWaitMs) {
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
