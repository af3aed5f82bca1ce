import { type AnyProcedure, mutation, type Target, type TargetMap, walkProcedures } from "../contract/index.ts";
import type { ContextData } from "../data/context-data.ts";
import type { ContextModule } from "../define/define-context.ts";
import type { ContextTypes } from "../define/handler-context.ts";
import type { StartHandler } from "../define/handlers.ts";
import type { Clock } from "../kernel/clock.ts";
import { catalogueError } from "../kernel/holon-error.ts";
import type { Limits } from "../kernel/limits.ts";
import { Scope } from "../kernel/scope.ts";
import { runInScope } from "../kernel/scope-deadline.ts";
import type { Timers } from "../kernel/timers.ts";
import type { JobHandler } from "../work/jobs/job-call.ts";
import { ContextWatch } from "../work/watch/context-watch.ts";
import type { CompiledWorkflows } from "../work/workflows/workflow-body.ts";
import { bindCall } from "./bound-call.ts";
import { type BindCall, type CallTreeFactory, compileCallTree } from "./call-tree.ts";
import { compileJobs } from "./compile-jobs.ts";
import { compileRun, type Rule, type RunDeps } from "./compile-run.ts";
import { bindStepCall, compileWorkflows } from "./compile-workflows.ts";
import { CompiledProcedure, type PipelineDeps } from "./compiled-procedure.ts";
import { DetachedRuns } from "./detached-runs.ts";
import type { ConcurrencyGauge } from "./pending-call.ts";
import { type ContextDeps, RuntimeContext } from "./runtime-context.ts";
import { createTransactionFactory, type TransactionFactory } from "./typed-transaction.ts";

/** Finds the target of a procedure of another context, in this process or on the mesh. */
export type ResolveTarget = (contextName: string, path: string, procedure: AnyProcedure) => Target;

interface CompileContextDeps {
  readonly module: ContextModule;
  readonly store: ContextData | undefined;
  readonly limits: Limits;
  readonly pipeline: PipelineDeps;
  /** Whether the context refuses every call, because it could not keep its guarantees. */
  readonly isClosed?: boolean;
}

/** A context compiled for one process. */
export interface CompiledContext {
  readonly name: string;
  readonly module: ContextModule;
  /** Its procedures by path, including those that are `internal`. */
  readonly targets: TargetMap;
  /** The handlers of its jobs, for `startJobWork`. */
  readonly jobs: ReadonlyMap<string, JobHandler>;
  /** The bodies of its workflows, for `startWorkflowWork`. */
  readonly workflows: CompiledWorkflows;
  /** Adds `emit`, `enqueue` and `start` to a transaction, for `startEventWork`. */
  readonly openTransaction: TransactionFactory;
  /** Runs the context's start handler, before any call is accepted. */
  start(): Promise<void>;
  /** Binds `ctx.call` when the targets of all contexts are known. A call that a handler makes before that fails. */
  connect(resolve: ResolveTarget): void;
  /** How many calls run now. */
  running(): number;
  /** How many stream handlers run now. */
  streams(): number;
  /** Resolves when no handler is still running for a caller that has disconnected. */
  idle(): Promise<void>;
}

/** Compiles every procedure of a context to one function. */
export function compileContext({ module, store, limits, pipeline, isClosed = false }: CompileContextDeps): CompiledContext {
  const log = pipeline.log.child({ context: module.name });
  const openTransaction = createTransactionFactory(module.name, module.contract.events, module.jobs, module.workflows);
  const gauge = isClosed ? createClosedGauge(module.name) : createCallGauge(limits);
  const streamGauge = isClosed ? createClosedGauge(module.name) : createStreamGauge(module.name, limits);
  const deps: { -readonly [Part in keyof ContextDeps]: ContextDeps[Part] } = {
    name: module.name,
    clock: pipeline.clock,
    log,
    store,
    watch:
      store === undefined
        ? undefined
        : new ContextWatch({ data: store, events: module.contract.events, clock: pipeline.clock, timers: pipeline.timers, log }),
    openTransaction,
    calls: () => ({}),
  };
  let stepCalls: CallTreeFactory = () => ({});
  const detachedRuns = new DetachedRuns(pipeline.timers);
  const targets = new Map<string, Target>();
  for (const [path, procedure] of walkProcedures(module.contract.procedures)) {
    const fullPath = `${module.name}.${path}`;
    const run = compileRun({
      path: fullPath,
      procedure,
      handler: memberAt(module.procedures, path) as RunDeps["handler"],
      rule: memberAt(module.rules, path) as Rule | undefined,
      store,
      openTransaction,
      newId: pipeline.newId,
      detachedRuns,
    });
    const makeContext = (scope: RuntimeContext["scope"]): RuntimeContext => new RuntimeContext(scope, deps, procedure);
    targets.set(fullPath, new CompiledProcedure({ path: fullPath, procedure, run, makeContext, gauge, streamGauge, pipeline: { ...pipeline, log } }));
  }
  return {
    name: module.name,
    module,
    targets,
    openTransaction,
    jobs: compileJobs({
      context: module.name,
      handlers: module.jobHandlers,
      count: pipeline.count,
      makeContext: (scope, procedure) => new RuntimeContext(scope, deps, procedure),
    }),
    workflows: compileWorkflows({
      module,
      store,
      openTransaction,
      makeContext: (scope, procedure) => new RuntimeContext(scope, deps, procedure),
      stepCalls: () => stepCalls,
    }),
    start: () =>
      runStart({
        context: module.name,
        handler: module.atStart,
        clock: pipeline.clock,
        timers: pipeline.timers,
        makeContext: (scope, procedure) => new RuntimeContext(scope, deps, procedure),
      }),
    connect(resolve) {
      const bind: BindCall = (contextName, path, procedure) => bindCall(module.name, resolve(contextName, path, procedure), pipeline.series);
      deps.calls = compileCallTree(module.calls, bind);
      stepCalls = compileCallTree(module.calls, (contextName, path, procedure) => bindStepCall(path, procedure, bind(contextName, path, procedure)));
    },
    running: () => gauge.running,
    streams: () => streamGauge.running,
    idle: () => detachedRuns.idle(),
  };
}

function createCallGauge({ concurrencyCount }: Limits): ConcurrencyGauge {
  return {
    running: 0,
    limit: concurrencyCount,
    refusal: () => catalogueError("OVERLOADED", `More than ${concurrencyCount} calls run at once (limit concurrencyCount).`),
  };
}

/**
 * A closed context answers UNAVAILABLE: callers learn only that nothing was done and that they are not at fault. The log and the readiness of the
 * process say why.
 */
function createClosedGauge(context: string): ConcurrencyGauge {
  return {
    running: 0,
    limit: 0,
    refusal: () => catalogueError("UNAVAILABLE", `The context ${context} cannot work in this process.`, { executed: "no" }),
  };
}

/** Streams may stay open for an hour. They have a limit of their own; otherwise idle streams would use up the limit of the calls. */
function createStreamGauge(context: string, { streamCount, streamRetryMs }: Limits): ConcurrencyGauge {
  return {
    running: 0,
    limit: streamCount,
    refusal: () =>
      catalogueError("OVERLOADED", `More than ${streamCount} streams of ${context} are open at once (limit streamCount, HOLON_LIMIT_STREAM_COUNT).`, {
        details: { retryAfterMs: streamRetryMs },
      }),
  };
}

function memberAt(tree: object, path: string): unknown {
  return path.split(".").reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], tree);
}

/** The longest time that the start of one context may take. */
const START_MS = 60_000;

interface StartRun {
  readonly context: string;
  readonly handler: unknown;
  readonly clock: Clock;
  readonly timers: Timers;
  makeContext(scope: Scope, procedure: AnyProcedure): RuntimeContext;
}

const START_PROCEDURE: AnyProcedure = mutation({ access: "internal" });

/** Runs the start handler of a context, if it has one. Errors: INTERNAL, with the handler's error as cause. */
async function runStart({ context, handler, clock, timers, makeContext }: StartRun): Promise<void> {
  if (handler === undefined) return;
  const principal = Object.freeze({ kind: "system", context, task: "start" } as const);
  const scope = Scope.root({ principal, caller: context, deadlineAtMs: clock.monotonicMs() + START_MS });
  const ctx = makeContext(scope, START_PROCEDURE);
  try {
    await runInScope(scope, timers, `The start of the context ${context}`, async () => (handler as StartHandler<ContextTypes>)({ ctx } as never));
  } catch (cause) {
    throw catalogueError("INTERNAL", `The start handler of the context ${context} failed. Repair what it needs, and start again.`, { cause });
  }
}
