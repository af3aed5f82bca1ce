import type { Contract, ContractMap } from "../contract/index.ts";
import type { Tables } from "../data/drizzle/database.ts";
import type { EventHandlers } from "../work/inbox/event-handler.ts";
import type { JobMap } from "../work/jobs/job.ts";
import type { ScheduleMap } from "../work/schedules/schedule.ts";
import type { WorkflowMap } from "../work/workflows/workflow.ts";
import { withAwaitedEvents } from "./awaited-events.ts";
import type { EventHandlersOf, EventParts, HandlersOf, RulesOf, StartHandler, JobHandlersOf, JobParts, SchedulesOf } from "./handlers.ts";
import type { ContextTypes } from "./handler-context.ts";
import type { FittingWorkflows, WorkflowHandlersOf, WorkflowParts } from "./workflow-handlers.ts";

/** The parts of a context besides its contract and its handlers. */
export interface ContextOptions<
  T extends Tables,
  C extends ContractMap,
  S extends ContractMap,
  J extends JobMap,
  W extends WorkflowMap = WorkflowMap,
> {
  /** The Drizzle tables and relations of the context, in the `pgSchema` of its name. */
  readonly tables?: T;
  /** The only contexts that handlers can call. */
  readonly calls?: C;
  /** The only contexts whose events can be handled. */
  readonly subscribesTo?: S;
  readonly jobs?: J;
  /** Jobs that are enqueued at set times. */
  readonly schedules?: SchedulesOf<NoInfer<J>>;
  /** Work of several steps that completes or is undone. `waitsFor` names events of the contexts in `subscribesTo`. */
  readonly workflows?: W & FittingWorkflows<NoInfer<W>, NoInfer<S>>;
}

/** The parts that {@link ContextDefinition.implement} joins. */
export type ContextParts<T extends ContextTypes, S extends ContractMap = ContractMap> = JobParts<T> &
  EventParts<T, S> &
  WorkflowParts<T, S> & {
    readonly procedures: HandlersOf<T, T["contract"]["procedures"]>;
    readonly rules?: RulesOf<T, T["contract"]["procedures"]>;
    readonly atStart?: StartHandler<T>;
  };

/** A context without its handlers: plain data that handler files import, so that they never import each other. */
export interface ContextDefinition<T extends ContextTypes, S extends ContractMap = ContractMap> {
  readonly kind: "context";
  readonly contract: T["contract"];
  readonly tables: T["tables"] | undefined;
  readonly calls: T["calls"];
  readonly subscribesTo: S;
  readonly jobSpecs: T["jobs"];
  readonly schedules: ScheduleMap;
  readonly workflowSpecs: T["workflows"];
  /** Types the handlers of the contract's procedures. */
  procedures(handlers: HandlersOf<T, T["contract"]["procedures"]>): HandlersOf<T, T["contract"]["procedures"]>;
  /** Types the rules on rows. */
  rules(rules: RulesOf<T, T["contract"]["procedures"]>): RulesOf<T, T["contract"]["procedures"]>;
  /** Types the handlers of the context's jobs. */
  jobs(handlers: JobHandlersOf<T>): JobHandlersOf<T>;
  /** Types the handlers of events of the contexts that this one subscribes to. */
  events(handlers: EventHandlersOf<T, S>): EventHandlersOf<T, S>;
  /** Types the bodies of the context's workflows. */
  workflows(handlers: WorkflowHandlersOf<T, S>): WorkflowHandlersOf<T, S>;
  /** Joins definition and handlers to the module that an app lists. A missing or surplus handler does not compile. */
  implement(parts: ContextParts<T, S>): ContextModule;
}

/** A context with its handlers, ready for {@link import("../process/app/define-app.ts").defineApp}. */
export interface ContextModule {
  readonly kind: "module";
  readonly name: string;
  readonly contract: Contract;
  readonly tables: Tables | undefined;
  readonly calls: ContractMap;
  readonly subscribesTo: ContractMap;
  readonly jobs: JobMap;
  readonly schedules: ScheduleMap;
  readonly workflows: WorkflowMap;
  readonly procedures: HandlerTree;
  readonly rules: RuleTree;
  readonly jobHandlers: HandlerTree;
  readonly events: EventHandlers;
  readonly workflowHandlers: HandlerTree;
  /** A {@link StartHandler}, with its types removed. */
  readonly atStart: unknown;
}

/** Handlers by name, with their types removed, as the pipeline's compiler reads them. */
export interface HandlerTree {
  readonly [name: string]: unknown;
}

/** Rules by name, with their types removed. */
export interface RuleTree {
  readonly [name: string]: unknown;
}

/** Declares a context. */
export function defineContext<
  C extends Contract,
  T extends Tables = {},
  K extends ContractMap = {},
  S extends ContractMap = {},
  J extends JobMap = {},
  W extends WorkflowMap = {},
>(
  contract: C,
  options: ContextOptions<T, K, S, J, W> = {},
): ContextDefinition<{ readonly contract: C; readonly tables: T; readonly calls: K; readonly jobs: J; readonly workflows: W }, S> {
  const { tables, calls = {} as K, subscribesTo = {} as S, jobs = {} as J, schedules = {}, workflows = {} as W } = options;
  return {
    kind: "context",
    contract,
    tables,
    calls,
    subscribesTo,
    jobSpecs: jobs,
    schedules,
    workflowSpecs: workflows,
    procedures: (handlers) => handlers,
    rules: (rules) => rules,
    jobs: (handlers) => handlers,
    events: (handlers) => handlers,
    workflows: (handlers) => handlers,
    implement: (parts) => ({
      kind: "module",
      name: contract.name,
      contract,
      tables,
      calls,
      subscribesTo,
      jobs,
      schedules,
      workflows,
      procedures: (parts.procedures ?? {}) as HandlerTree,
      rules: (parts.rules ?? {}) as RuleTree,
      jobHandlers: (parts.jobs ?? {}) as HandlerTree,
      events: withAwaitedEvents({ name: contract.name, subscribesTo, workflows, events: (parts.events ?? {}) as EventHandlers }),
      workflowHandlers: (parts.workflows ?? {}) as HandlerTree,
      atStart: parts.atStart,
    }),
  };
}
