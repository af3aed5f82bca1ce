import type { Clock } from "../../kernel/clock.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { isPassing } from "../../kernel/origin.ts";
import { retry } from "../../kernel/retry.ts";
import { Scope } from "../../kernel/scope.ts";
import { runInScope } from "../../kernel/scope-deadline.ts";
import type { Timers } from "../../kernel/timers.ts";
import { parseTraceparent } from "../../kernel/trace.ts";
import { type CountWork, counted } from "../../observe/work-metrics.ts";
import type { ToldClaim } from "../engine/lease-thread.ts";
import type { Lease } from "../engine/leases.ts";
import type { RunClaim } from "./run-claim.ts";
import { DEFAULT_STEP_TIMEOUT_MS } from "./workflow-timing.ts";

interface StepAttemptsDeps {
  readonly context: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** A random number in [0, 1). */
  readonly random: () => number;
  readonly count?: CountWork | undefined;
  /** Returns the lease of the run, once it is held. */
  readonly lease?: (() => Pick<Lease<RunClaim>, "mayBegin" | "isOver"> | undefined) | undefined;
  /** Shows an attempt of the run to a second thread, which renews the run's lease while this thread is blocked. */
  readonly whileBlocked?: ((name: string, timeoutMs: number) => ToldClaim | undefined) | undefined;
}

/** Statements about a run are tried again while the database is away. */
const STATEMENT_RETRY = { firstMs: 100, greatestMs: 2_000, forMs: Number.POSITIVE_INFINITY } as const;

/** Least time between two log lines about failing statements of one run. Units: milliseconds. */
const SAY_AGAIN_MS = 60_000;

/** The purpose of a statement about a run, for the log. */
export interface StatementTask {
  readonly task: string;
  /** The step that the statement is about. */
  readonly step?: string;
}

/**
 * Runs the attempts of one run's steps, each in a scope that ends at its timeout, or when another process takes the run.
 *
 * I1. No attempt begins after the lease of the run is over. This is checked right before the attempt, with no `await` between the two, because a step of
 *     another run may have blocked this thread.
 * I2. An attempt has its whole timeout, however long it waited for its turn.
 */
export class StepAttempts {
  readonly log: Logger;
  readonly traceId: string;
  /** Whether the end of a step, or of its undo, has been recorded since the run was claimed. */
  hasRecorded = false;
  readonly #deps: StepAttemptsDeps;
  readonly #claim: RunClaim;
  readonly #running = new Set<Scope>();
  #over = false;
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: StepAttemptsDeps, claim: RunClaim) {
    this.#deps = deps;
    this.#claim = claim;
    this.traceId = parseTraceparent(claim.traceparent).traceId;
    this.log = deps.log.child({ workflow: `${deps.context}.${claim.workflow}`, runId: claim.id, traceId: this.traceId });
  }

  /** Whether this process must do nothing more for the run. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Cancels attempts under way, and lets none begin. */
  abort(): void {
    this.#over = true;
    for (const scope of this.#running) scope.cancel(notOurs());
  }

  /**
   * Runs a statement about the run, and repeats it while the database is away or busy and this process holds the run. Otherwise a step could have its effect
   * again, only because its end could not be written at once. The statement may run again after it took effect. It may also fail for ever while the lease is
   * renewed: only the log shows that, at most once a minute.
   *
   * Errors: those of the statement, if they do not pass; a passing one, if the lease was lost or the process stops.
   */
  statement<Result>(run: () => Promise<Result>, about: StatementTask = { task: "write the state of the run" }): Promise<Result> {
    const tried = async (): Promise<Result> => {
      try {
        return await run();
      } catch (error) {
        if (isPassing(error) && !this.#over) this.#sayFailing(error, about);
        throw error;
      }
    };
    return retry(this.#deps, STATEMENT_RETRY, tried, { isOver: () => this.#over });
  }

  #sayFailing(error: unknown, about: StatementTask): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#saidAtMs < SAY_AGAIN_MS) return;
    this.#saidAtMs = nowMs;
    this.log.warn({ err: error, ...about }, "a statement about a run fails: it is repeated as long as this process holds the run");
  }

  /** Runs one attempt. Errors: its own; DEADLINE_EXCEEDED at its timeout; CANCELLED if the run is aborted. */
  async run<Result>(name: string, stepTimeoutMs: number | undefined, work: (scope: Scope) => Promise<Result>): Promise<Result> {
    const { context, count, whileBlocked } = this.#deps;
    const { workflow } = this.#claim;
    const timeoutMs = stepTimeoutMs ?? DEFAULT_STEP_TIMEOUT_MS;
    const told = whileBlocked?.(`${context}.${workflow} ${name}`, timeoutMs);
    try {
      const lease = this.#deps.lease?.();
      do {
        // I1. All runs of one look are shown to the second thread before a step of the first run begins. That step may block this thread right after this wait,
        //     and the steps of the other runs must then check their leases again.
        await lease?.mayBegin();
        // Checked again: another process may have the run now.
        if (this.#over) throw notOurs();
      } while (lease?.isOver);
      told?.begins();
      return await counted(count, ["step", context, workflow], () => this.#attempt(name, timeoutMs, work));
    } finally {
      told?.ends();
    }
  }

  async #attempt<Result>(name: string, timeoutMs: number, work: (scope: Scope) => Promise<Result>): Promise<Result> {
    // I2.
    const { context, clock, timers } = this.#deps;
    const { workflow, traceparent, initiator } = this.#claim;
    const scope = Scope.root({
      principal: Object.freeze({ kind: "system", context, task: `workflow ${workflow}` }),
      caller: context,
      deadlineAtMs: clock.monotonicMs() + timeoutMs,
      trace: parseTraceparent(traceparent),
      initiator,
    });
    this.#running.add(scope);
    try {
      return await runInScope(scope, timers, `The step ${name}`, () => work(scope));
    } finally {
      this.#running.delete(scope);
    }
  }
}

function notOurs(): HolonError {
  return catalogueError("CANCELLED", "This process does not hold the run any more.");
}
