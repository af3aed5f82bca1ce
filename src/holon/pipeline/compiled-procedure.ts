import {
  type AnyProcedure,
  accessRefusal,
  createAnswerParser,
  createParser,
  notUnicode,
  ParseFailure,
  type Parser,
  type Target,
} from "../contract/index.ts";
import { inputHash } from "../data/idempotency/key-claim.ts";
import type { Clock } from "../kernel/clock.ts";
import { catalogueError, type HolonError } from "../kernel/holon-error.ts";
import { noteFailedCall } from "../kernel/left-behind.ts";
import type { Logger } from "../kernel/log.ts";
import type { Scope } from "../kernel/scope.ts";
import type { Timers } from "../kernel/timers.ts";
import { isUnicode } from "../kernel/unicode-text.ts";
import type { CountWork } from "../observe/work-metrics.ts";
import { createBoundary } from "./boundary.ts";
import { type CallDeps, type CallSeries, type ConcurrencyGauge, PendingCall } from "./pending-call.ts";
import type { RuntimeContext } from "./runtime-context.ts";
import { streamItems } from "./stream-items.ts";

/** Makes the counters of one procedure, caller and transport. */
export type SeriesFactory = (labels: { readonly procedure: string; readonly caller: string; readonly transport: string }) => CallSeries;

/** What the pipeline of every procedure uses. */
export interface PipelineDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly newId: () => string;
  readonly series: SeriesFactory;
  /** The transport of a caller that is not a context of this process: `local` for the edge of this process, `mesh` for the rest. */
  readonly transportOf: (caller: string) => string;
  /** Whether a caller has declared that it calls a context. Without this function, every caller may call. */
  readonly mayCall?: MayCall;
  /** Counts attempts of jobs. */
  readonly count?: CountWork;
}

/** Whether a caller (the name of a context, or `edge`) may call a context at all. */
export type MayCall = (caller: string, context: string) => boolean;

/** The facts about one caller, which are looked up once. */
interface CallerEntry {
  readonly series: CallSeries;
  readonly isOpen: boolean;
}

/**
 * Runs a handler with its rule, transaction and key, if it has them. It may return a value or a promise, and may throw. For a call with a key,
 * `givenHash` distinguishes its input from other inputs.
 */
export type Run = (input: unknown, ctx: RuntimeContext, givenHash?: string) => unknown;

interface CompiledProcedureDeps {
  readonly path: string;
  readonly procedure: AnyProcedure;
  readonly run: Run;
  readonly makeContext: (scope: Scope) => RuntimeContext;
  readonly gauge: ConcurrencyGauge;
  readonly streamGauge: ConcurrencyGauge;
  readonly pipeline: PipelineDeps;
}

/**
 * Contract and handler as one function, compiled at start. It checks the declared call, access and input, runs rule and handler, checks the output, and counts.
 *
 * Every call comes here, whether it is local or comes from the mesh, the edge or the context's tRPC router. There is no second copy of these
 * checks.
 */
export class CompiledProcedure implements Target {
  readonly path: string;
  readonly procedure: AnyProcedure;
  readonly #parseInput: Parser;
  readonly #run: Run;
  readonly #makeContext: (scope: Scope) => RuntimeContext;
  readonly #deps: CallDeps;
  readonly #pipeline: PipelineDeps;
  readonly #callers = new Map<string, CallerEntry>();

  constructor({ path, procedure, run, makeContext, gauge, streamGauge, pipeline }: CompiledProcedureDeps) {
    this.path = path;
    this.procedure = procedure;
    this.#parseInput = createParser(procedure.input);
    this.#run = run;
    this.#makeContext = makeContext;
    this.#pipeline = pipeline;
    const { clock, timers, log, newId } = pipeline;
    const boundary = createBoundary({ path, procedure, log, newId });
    this.#deps = {
      path,
      isMutation: procedure.type === "mutation",
      monotonicMs: () => clock.monotonicMs(),
      timers,
      gauge,
      streamGauge,
      boundary,
      parseOutput: createAnswerParser(procedure.output),
      badOutput: (failure) => boundary(new OutputError(path, failure)),
    };
  }

  invoke(scope: Scope, input: unknown): Promise<unknown> {
    const { series, isOpen } = this.#entryOf(scope.caller);
    return isOpen ? this.invokeCounted(series, scope, input) : this.#refuse(series, scope, this.undeclared(scope.caller));
  }

  /** {@link invoke} for a caller whose declaration was checked and whose counters were looked up before. */
  invokeCounted(series: CallSeries, scope: Scope, raw: unknown): Promise<unknown> {
    const deps = this.#deps;
    const startedMs = deps.monotonicMs();
    const refusal = this.#refusal(scope, startedMs, deps.gauge);
    if (refusal !== undefined) return this.#refuse(series, scope, refusal);
    let input: unknown;
    try {
      input = this.#parseInput(raw);
    } catch (thrown) {
      return this.#refuse(series, scope, deps.boundary(thrown));
    }
    if (input instanceof ParseFailure) return this.#refuse(series, scope, input.toBadRequest());
    const call = new PendingCall(deps, scope, series, startedMs);
    try {
      // The hash is made before anything is awaited, because the input belongs to the caller, which may change it.
      const givenHash = scope.key === undefined ? undefined : inputHash(raw, input);
      const result = this.#run(input, this.#makeContext(scope), givenHash);
      if (isPromise(result)) {
        result.then(
          (value) => call.answer(value),
          (error: unknown) => call.fail(error),
        );
      } else {
        call.answer(result);
      }
    } catch (error) {
      call.fail(error);
    }
    return call.promise;
  }

  subscribe(scope: Scope, raw: unknown): AsyncIterable<unknown> {
    const { series, isOpen } = this.#entryOf(scope.caller);
    return streamItems({
      scope,
      call: this.#deps,
      series,
      admit: () => {
        if (!isOpen) throw this.undeclared(scope.caller);
        const refusal = this.#refusal(scope, this.#deps.monotonicMs(), this.#deps.streamGauge);
        if (refusal !== undefined) throw refusal;
        const input = this.#parseInput(raw);
        if (input instanceof ParseFailure) throw input.toBadRequest();
        return input;
      },
      run: (input) => this.#run(input, this.#makeContext(scope)) as AsyncIterable<unknown>,
    });
  }

  /** The counters of calls from a context of this process. */
  localSeries(caller: string): CallSeries {
    return this.#pipeline.series({ procedure: this.path, caller, transport: "local" });
  }

  /** Whether a caller has declared that it calls this context. */
  isOpenTo(caller: string): boolean {
    return this.#pipeline.mayCall?.(caller, this.#contextName) ?? true;
  }

  /** The error for a caller that has not declared that it calls this context. */
  undeclared(caller: string): HolonError {
    return catalogueError("FORBIDDEN", `${caller} does not declare that it calls ${this.#contextName}: name it in the \`calls\` of defineContext.`);
  }

  get #contextName(): string {
    return this.path.slice(0, this.path.indexOf("."));
  }

  #refusal(scope: Scope, nowMs: number, gauge: ConcurrencyGauge): HolonError | undefined {
    const cancelled = scope.cancelled;
    if (cancelled !== undefined) return cancelled;
    if (scope.deadlineAtMs <= nowMs) return catalogueError("DEADLINE_EXCEEDED", `No time was left to call ${this.path}.`, { executed: "no" });
    if (gauge.running >= gauge.limit) return gauge.refusal();
    const refusal = accessRefusal(this.procedure.access, scope.principal);
    if (refusal !== undefined || scope.key === undefined) return refusal;
    return keyRefusal(this.procedure, this.path, scope.key);
  }

  #refuse(series: CallSeries, scope: Scope, error: HolonError): Promise<never> {
    series.record(0, error.code);
    const refused = Promise.reject(error);
    noteFailedCall(refused, { procedure: this.path, traceId: scope.trace.traceId });
    return refused;
  }

  #entryOf(caller: string): CallerEntry {
    let entry = this.#callers.get(caller);
    if (entry === undefined) {
      const series = this.#pipeline.series({ procedure: this.path, caller, transport: this.#pipeline.transportOf(caller) });
      entry = { series, isOpen: this.isOpenTo(caller) };
      this.#callers.set(caller, entry);
    }
    return entry;
  }
}

/** A handler returned a value that its contract does not allow. Callers get INTERNAL; the log names the field. */
export class OutputError extends Error {
  override readonly name = "OutputError";
  readonly issues: ParseFailure["issues"];

  constructor(path: string, failure: ParseFailure) {
    super(
      `the handler of ${path} returned what its contract does not allow: ${failure.issues.map((issue) => `${issue.path}: ${issue.message}`).join("; ")}`,
    );
    this.issues = failure.issues;
  }
}

/**
 * Refuses a key that would not be kept, because the caller would rely on it, and a key that is not Unicode, because two such keys would be stored
 * as one. A query may have a key, because a query can be repeated anyway.
 */
function keyRefusal(procedure: AnyProcedure, path: string, key: string): HolonError | undefined {
  if (!isUnicode(key)) return notUnicode(key).toBadRequest();
  if (procedure.type !== "mutation" || procedure.idempotent === true) return undefined;
  return catalogueError("BAD_REQUEST", `${path} takes no idempotency key: its contract does not say that it is idempotent.`);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
