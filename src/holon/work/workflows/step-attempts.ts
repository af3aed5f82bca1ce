import {
  type Clock,
  catalogueError,
  type HolonError,
  isPassing,
  type Logger,
  parseTraceparent,
  retry,
  runInScope,
  Scope,
  type TimerWheel,
} from "../../kernel/index.ts";
import { type CountWork, counted } from "../../observe/index.ts";
import type { ToldClaim } from "../engine/lease-thread.ts";
import type { Lease } from "../engine/leases.ts";
import type { RunClaim } from "./run-claim.ts";
import { DEFAULT_STEP_TIMEOUT_MS } from "./workflow-timing.ts";

/** What {@link StepAttempts} needs. */
export interface StepAttemptsParts {
  readonly context: string;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly count?: CountWork | undefined;
  /** The run's, once it is held. */
  readonly lease?: (() => Pick<Lease<RunClaim>, "mayBegin" | "isOver"> | undefined) | undefined;
  /** Tells a second thread of an attempt of the run, which renews its lease while this one is blocked. */
  readonly whileBlocked?: ((name: string, timeoutMs: number) => ToldClaim | undefined) | undefined;
}

/** What is written or asked of a run is tried again while the database is away. */
const STATEMENT_RETRY = { firstMs: 100, greatestMs: 2_000, forMs: Number.POSITIVE_INFINITY } as const;

/** After how long it is said again that statements of a run fail. Units: milliseconds. */
const SAY_AGAIN_MS = 60_000;

/** What a statement of a run is for, as the log says it. */
export interface StatementTask {
  readonly task: string;
  /** The step that it is about. */
  readonly step?: string;
}

/**
 * Runs the attempts of one run's steps, each in a scope that ends at its timeout, or when the run is taken from this process.
 *
 * I1. No attempt begins once the lease of the run is over: that is asked right before it, without a wait between, for a step of another run may have blocked
 *     this thread.
 * I2. An attempt has its whole timeout, however long it waited for its turn.
 */
export class StepAttempts {
  readonly log: Logger;
  readonly traceId: string;
  /** Whether the end of a step, or of its undo, has been recorded since the run was claimed. */
  hasRecorded = false;
  readonly #parts: StepAttemptsParts;
  readonly #claim: RunClaim;
  readonly #running = new Set<Scope>();
  #over = false;
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: StepAttemptsParts, claim: RunClaim) {
    this.#parts = parts;
    this.#claim = claim;
    this.traceId = parseTraceparent(claim.traceparent).traceId;
    this.log = parts.log.child({ workflow: `${parts.context}.${claim.workflow}`, runId: claim.id, traceId: this.traceId });
  }

  /** Whether nothing of the run is to happen in this process any more. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Cancels what runs, and lets nothing begin. */
  abort(): void {
    this.#over = true;
    for (const scope of this.#running) scope.cancel(notOurs());
  }

  /**
   * Runs a statement of the run, again while the database is away or busy and the run is this process's: a step that has acted must not act again
   * because its end could not be written at once. It may be run after it took effect. One may fail without end while the lease is renewed, and nothing
   * else shows that: the log says it, at most once a minute.
   *
   * Errors: the statement's; one that passes, if the lease was lost or the process stops.
   */
  statement<Result>(run: () => Promise<Result>, about: StatementTask = { task: "write where the run stands" }): Promise<Result> {
    const tried = async (): Promise<Result> => {
      try {
        return await run();
      } catch (error) {
        if (isPassing(error) && !this.#over) this.#sayFailing(error, about);
        throw error;
      }
    };
    return retry(this.#parts, STATEMENT_RETRY, tried, { isOver: () => this.#over });
  }

  #sayFailing(error: unknown, about: StatementTask): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - this.#saidAtMs < SAY_AGAIN_MS) return;
    this.#saidAtMs = nowMs;
    this.log.warn({ err: error, ...about }, "the database does not do what a run asks of it: it is asked again as long as the run is this process's");
  }

  /** Runs one attempt. Errors: its own; DEADLINE_EXCEEDED at its timeout; CANCELLED where the run is aborted. */
  async run<Result>(name: string, stepTimeoutMs: number | undefined, work: (scope: Scope) => Promise<Result>): Promise<Result> {
    const { context, count, whileBlocked } = this.#parts;
    const { workflow } = this.#claim;
    const timeoutMs = stepTimeoutMs ?? DEFAULT_STEP_TIMEOUT_MS;
    const told = whileBlocked?.(`${context}.${workflow} ${name}`, timeoutMs);
    try {
      const lease = this.#parts.lease?.();
      do {
        // I1. The runs of one look are all told of before a step of the first is worked: it may block this thread at once, and those that wait then ask again.
        await lease?.mayBegin();
        // The step is worked where the run is now.
        if (this.#over) throw notOurs();
      } while (lease?.isOver);
      told?.begins();
      return await counted(count, ["step", context, workflow], () => this.#attempt(name, timeoutMs, work));
    } finally {
      told?.ends();
    }
  }

  async #attempt<Result>(name: string, timeoutMs: number, work: (scope: Scope) => Promise<Result>): Promise<Result> {
    const { context, clock, wheel } = this.#parts;
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
      return await runInScope(scope, wheel, `The step ${name}`, () => work(scope));
    } finally {
      this.#running.delete(scope);
    }
  }
}

function notOurs(): HolonError {
  return catalogueError("CANCELLED", "The run is not this process's any more.");
}
