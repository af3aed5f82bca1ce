import { createParser, NOTHING, ParseFailure, type Parser } from "../../contract/index.ts";
import { fullJitterMs } from "../../kernel/backoff.ts";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { isCutOff, isPassing } from "../../kernel/origin.ts";
import { Scope } from "../../kernel/scope.ts";
import { runInScope } from "../../kernel/scope-deadline.ts";
import type { Timers } from "../../kernel/timers.ts";
import { parseTraceparent, type Trace } from "../../kernel/trace.ts";
import { describeError } from "../../observe/redaction.ts";
import { reasonOfAttempt } from "../engine/cut-off.ts";
import type { Lease, Leases } from "../engine/leases.ts";
import type { JobMap, JobSpec } from "./job.ts";
import type { JobBatchWriter } from "./job-batch-writer.ts";
import type { JobCall, JobHandler } from "./job-call.ts";
import type { JobClaim } from "./job-claim.ts";
import type { JobSender } from "./job-sender.ts";
import type { JobTable } from "./job-table.ts";
import type { JobWrites } from "./job-writes.ts";

interface JobExecutorDeps {
  readonly context: string;
  readonly jobs: JobMap;
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly table: JobTable;
  /** Writes the end of runs that went well, in batches; default: {@link JobTable.done}. */
  readonly batchWriter?: Pick<JobBatchWriter, "done">;
  /** Renews the leases of runs. Undefined in a child that runs a job alone: its parent renews the lease. */
  readonly leases?: Leases<JobClaim>;
  readonly sender: JobSender;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly random: () => number;
  readonly writes: JobWrites;
}

/** A claimed job, whose lease is held here until the job is executed or released. */
export interface HeldJob {
  readonly claim: JobClaim;
  /** The lease of the claim; undefined in a child, whose parent holds the lease. */
  lease: Lease<JobClaim> | undefined;
  /** The scope of the handler; undefined until the handler is called. */
  scope: Scope | undefined;
}

/** One run that is being executed. */
interface Run {
  readonly claim: JobClaim;
  readonly held: HeldJob;
  readonly spec: JobSpec;
  readonly trace: Trace;
  readonly log: Logger;
  readonly parseResult: Parser;
  isCompleted: boolean;
}

/** How a run of a job ended. `lost`: the run does not have its job any more: it lost the job, or gave it back. No end is written. */
type JobOutcome = { readonly kind: "done" | "lost" } | { readonly kind: "again" | "failed"; readonly error: unknown };

/** Shows the progress of a run outside of the database. */
export type ShowProgress = (value: object | number) => Promise<void>;

/** The functions that are called during a run. */
interface RunListener {
  readonly show?: ShowProgress | undefined;
  /** Called when the handler is done and only the end is left to be written. */
  readonly onHandled?: () => void;
}

/** The wait of a job that this version of the program has no handler for: another process may have one. */
const UNKNOWN_WAIT_MS = 30_000;
const GREATEST_REASON_LENGTH = 1_000;

/**
 * Runs claimed jobs: calls the handler, keeps the timeout, and writes how the run ended.
 *
 * I1. A lease is held from the answer to the claim until the end of the run is written, also while the job waits for its turn.
 * I2. No handler is called after its lease is over, or after the process began to abort its runs: the run would be cancelled at once and given back, and its
 *     effect might happen twice. This is checked right before the call, with no `await` between the two, because another run may have blocked this thread.
 * I3. A handler has its whole timeout, however long it took to write that its run begins.
 * I4. A run that has completed stays done, whatever fails after that. Before a failure is written, the database is asked whether the run completed.
 * I5. A failure is not counted if the lease was lost, if the process stops, or if the run is the first in a row that was cut off.
 */
export class JobExecutor {
  readonly #deps: JobExecutorDeps;
  readonly #parsers: ReadonlyMap<string, { readonly data: Parser; readonly result: Parser }>;
  readonly #running = new Set<Scope>();
  #aborted = false;

  constructor(deps: JobExecutorDeps) {
    this.#deps = deps;
    this.#parsers = new Map(
      Object.entries(deps.jobs).map(([name, { data, result }]) => [name, { data: createParser(data), result: resultParser(result) }]),
    );
  }

  /** Cancels all runs, because the process stops. The jobs are given back, and no failure is counted. */
  abort(): void {
    this.#aborted = true;
    for (const scope of this.#running) scope.cancel(catalogueError("CANCELLED", "The process is stopping."));
  }

  /** Holds the lease of a claim from now on, until the job is executed, or released because it does not run here. */
  hold(claim: JobClaim): HeldJob {
    const held: HeldJob = { claim, lease: undefined, scope: undefined };
    held.lease = this.#deps.leases?.hold(claim, claim.sinceMs, (reason) => held.scope?.cancel(reason));
    return held;
  }

  /**
   * Runs one claimed job to its end. Errors: those of the database, if the end could not be written before the process stopped. Then the lease ends by itself.
   */
  async execute(held: HeldJob, listener: RunListener = {}): Promise<JobOutcome> {
    try {
      return await this.#execute(held, listener);
    } finally {
      held.lease?.release();
    }
  }

  async #execute(held: HeldJob, listener: RunListener): Promise<JobOutcome> {
    const { claim } = held;
    const { jobs, handlers, table, context } = this.#deps;
    const spec = jobs[claim.name];
    const handler = handlers.get(claim.name);
    const parsers = this.#parsers.get(claim.name);
    const trace = parseTraceparent(claim.traceparent);
    const log = this.#deps.log.child({ job: `${context}.${claim.name}`, jobId: claim.id, attempt: claim.attempt, traceId: trace.traceId });
    if (spec === undefined || handler === undefined || parsers === undefined) {
      log.warn({}, "this process has no handler for a job; the job is left to other processes");
      await this.#write(() => table.giveBack(claim, UNKNOWN_WAIT_MS));
      return { kind: "lost" };
    }
    if (claim.isKeyed && !(await this.#write(() => table.begin(claim)))) return { kind: "lost" };
    const run: Run = { claim, held, spec, trace, log, parseResult: parsers.result, isCompleted: false };
    return this.#run(run, handler, parsers.data, listener);
  }

  async #run(run: Run, handler: JobHandler, parse: Parser, { show = async () => {}, onHandled = () => {} }: RunListener): Promise<JobOutcome> {
    const { claim, log, held } = run;
    const { lease } = held;
    let data: unknown;
    try {
      data = parseData(parse, claim.data);
    } catch (error) {
      // The data is the same at each attempt, so no later attempt can succeed.
      return this.#setAside(claim, log, error);
    }
    try {
      // I2. All jobs of one message wait here at the same time. When this wait is over, the handler of the first job may block this thread, and the others must
      //     then check again.
      if (lease !== undefined)
        do if (!(await lease.mayBegin())) throw catalogueError("CANCELLED", "The lease was over before the run began.");
        while (lease.isOver);
      if (this.#aborted) throw catalogueError("CANCELLED", "The process is stopping.");
      const result = await this.#call(run, handler, data, show);
      return await this.#done(run, result, onHandled);
    } catch (error) {
      return await this.#failed(run, error);
    }
  }

  #scopeOf({ claim, spec, trace }: Run): Scope {
    const { context, clock } = this.#deps;
    return Scope.root({
      principal: Object.freeze({ kind: "system", context, task: `job ${claim.name}` }),
      caller: context,
      deadlineAtMs: clock.monotonicMs() + spec.timeoutMs,
      trace,
      initiator: claim.initiator,
    });
  }

  /** Calls the handler. The timeout ends the wait for a handler that never returns. */
  async #call(run: Run, handler: JobHandler, data: unknown, show: ShowProgress): Promise<unknown> {
    const { table, timers } = this.#deps;
    const { claim } = run;
    // I3.
    const scope = this.#scopeOf(run);
    run.held.scope = scope;
    this.#running.add(scope);
    run.held.lease?.begins();
    try {
      const call: JobCall = {
        scope,
        data,
        attempt: claim.attempt,
        progress: async (value) => {
          await table.progress(claim, value);
          // This is only for dashboards, and may fail: the queue may be away.
          await show(value).catch(() => {});
        },
        assertHeld: async (tx) => {
          if (!hasRows(await tx.db.execute(table.hold(claim)))) throw takenOver(claim);
        },
        complete: async (tx, result) => {
          const kept = keptResult(run, result);
          if (!hasRows(await tx.db.execute(table.complete(claim, kept.json)))) throw takenOver(claim);
          return kept.value;
        },
        completed: () => {
          run.isCompleted = true;
        },
      };
      return await runInScope(scope, timers, `The job ${claim.name}`, async () => handler(call));
    } finally {
      run.held.lease?.rests();
      this.#running.delete(scope);
    }
  }

  async #done(run: Run, answer: unknown, onHandled: () => void): Promise<JobOutcome> {
    const { table, batchWriter = table } = this.#deps;
    const { claim, log } = run;
    const result = run.isCompleted ? undefined : keptResult(run, answer).json;
    onHandled();
    const end = async (): Promise<boolean> => (await batchWriter.done(claim, result)) || (await table.isDone(claim));
    const isOurs = run.isCompleted || (await this.#write(end).catch((error: unknown) => refusedEnd(claim, error)));
    if (isOurs) log.info({}, "a job is done");
    else log.warn({}, "a job ended after its lease was over: another process has the job");
    return { kind: isOurs ? "done" : "lost" };
  }

  async #failed(run: Run, error: unknown): Promise<JobOutcome> {
    const { table, sender, random } = this.#deps;
    const { claim, spec, log } = run;
    // I4. This also finds a commit whose answer was lost.
    if (run.isCompleted || (await this.#write(() => table.isDone(claim)))) {
      log.warn({ err: error }, "a job failed after it had completed; it stays done");
      return { kind: "done" };
    }
    if (isAnswerError(error)) return this.#setAside(claim, log, error);
    if (run.held.lease?.isHeld === false) {
      log.warn({ err: error }, "a job was aborted, because its lease was lost; it runs again");
      await this.#write(() => table.giveBack(claim, 0));
      return { kind: "lost" };
    }
    if (this.#aborted) {
      await this.#write(() => table.giveBack(claim, 0));
      return { kind: "again", error };
    }
    // I5.
    const isCounted = claim.wasCutOff || !isCutOff(error);
    const failures = claim.failures + (isCounted ? 1 : 0);
    if (isCounted && failures >= spec.attempts) return this.#setAside(claim, log, error);
    const waitMs = fullJitterMs(claim.failures + 1, spec.backoff, random);
    const sendable = await this.#write(() => table.again(claim, failures, reasonOf(error), waitMs));
    if (sendable === undefined) return { kind: "lost" };
    const message = isCounted
      ? "a job failed and is tried again"
      : "a job was cut off and is tried again; a cut-off is counted as a failure only if the attempt before was cut off too";
    log.warn({ err: error, failures, waitMs }, message);
    await sender.send([sendable]);
    return { kind: "again", error };
  }

  async #setAside(claim: JobClaim, log: Logger, error: unknown): Promise<JobOutcome> {
    const isOurs = await this.#write(() => this.#deps.table.fail(claim, reasonOf(error)));
    if (!isOurs) return { kind: "lost" };
    log.error({ err: error }, "a job failed for good");
    return { kind: "failed", error };
  }

  #write<Result>(write: () => Promise<Result>): Promise<Result> {
    return this.#deps.writes.run(write);
  }
}

/** If a job declares no result, the handler's answer is dropped: an answer that is not declared is no reason to run the job again. */
function resultParser(schema: JobSpec["result"]): Parser {
  return schema === NOTHING ? () => undefined : createParser(schema);
}

function hasRows(rows: unknown): boolean {
  return [...(rows as Iterable<unknown>)].length > 0;
}

function takenOver({ name }: JobClaim): Error {
  return catalogueError("KEY_IN_FLIGHT", `The job ${name} was taken over by another process.`);
}

/** Errors: BAD_REQUEST - the data does not fit its schema; also any error that a check of the schema throws. */
function parseData(parse: Parser, data: unknown): unknown {
  const parsed = parse(data);
  if (parsed instanceof ParseFailure) throw catalogueError("BAD_REQUEST", `The data of the job does not fit its schema: ${sentenceOf(parsed)}`);
  return parsed;
}

/** Errors of handlers that returned an answer which cannot be kept. Another run would return the same answer, and have its effect again. */
const ANSWER_ERRORS = new WeakSet<object>();

/**
 * The answer as the schema parses it, and as JSON. Errors: INTERNAL, one of {@link ANSWER_ERRORS}. In the transaction that completes the job, this error rolls
 * the effect back.
 */
function keptResult({ claim, parseResult }: Run, answer: unknown): { readonly value: unknown; readonly json: string | undefined } {
  let why: string;
  try {
    const value = parseResult(answer);
    if (!(value instanceof ParseFailure)) return { value, json: JSON.stringify(value) };
    why = `it does not fit its schema: ${sentenceOf(value)}`;
  } catch (error) {
    why = describeError(error);
  }
  throw answerError(claim, why);
}

/**
 * Throws the error of a run that went well but whose end could not be written. If the database refused the end, this is one of {@link ANSWER_ERRORS}. A
 * database that is away has refused nothing.
 */
function refusedEnd(claim: JobClaim, error: unknown): never {
  throw isPassing(error) ? error : answerError(claim, describeError(error), error);
}

function answerError({ name }: JobClaim, why: string, cause?: unknown): Error {
  const error = catalogueError("INTERNAL", `The answer of the job ${name} cannot be kept: ${why}`, { cause });
  ANSWER_ERRORS.add(error);
  return error;
}

function isAnswerError(error: unknown): boolean {
  return typeof error === "object" && error !== null && ANSWER_ERRORS.has(error);
}

function sentenceOf(failure: ParseFailure): string {
  return failure.issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
}

function reasonOf(error: unknown): string {
  return reasonOfAttempt(error, GREATEST_REASON_LENGTH);
}
