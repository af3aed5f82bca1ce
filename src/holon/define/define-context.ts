import type { AnyProcedure, Contract, ContractMap } from "../contract/index.ts";
import type { Tables } from "../data/drizzle/database.ts";
import type { EventHandler, EventHandlers } from "../work/inbox/event-routes.ts";
import type { JobMap } from "../work/jobs/job.ts";
import type { ScheduleMap } from "../work/schedules/schedule.ts";
import { keepAwaitedEvent } from "../work/workflows/awaited-events.ts";
import type { WorkflowMap } from "../work/workflows/workflow.ts";
import type { BaseContext, ContextTypes, HandlerContext, Transaction } from "./handler-context.ts";
import type {
  EventHandlersOf,
  EventParts,
  HandlersOf,
  JobHandlersOf,
  JobParts,
  RulesOf,
  SchedulesOf,
  StartContext,
  StartHandler,
  SubscriptionContext,
} from "./handlers.ts";
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
  /** Workflows: work of several steps that either completes or is undone. `waitsFor` names events of the contexts in `subscribesTo`. */
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
  /** Gives types to the rules that say which rows a principal may see. */
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
interface RuleTree {
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

/** The parts of a context that decide which events it receives. */
interface SubscribingContext {
  readonly name: string;
  readonly subscribesTo: ContractMap;
  readonly workflows: WorkflowMap;
  readonly events: EventHandlers;
}

/**
 * The event handlers of a context, extended so that events which workflows wait for are stored. That happens in the transaction that takes the event, before
 * the context's own handler of the event runs.
 */
function withAwaitedEvents({ name: context, subscribesTo, workflows, events }: SubscribingContext): EventHandlers {
  const handlers: Record<string, Record<string, EventHandler | undefined>> = {};
  // Handlers of contexts that are not subscribed to are kept, because the start refuses them by name.
  for (const subscription of [...Object.keys(subscribesTo), ...Object.keys(events)]) handlers[subscription] = { ...events[subscription] };
  for (const { waitsFor } of Object.values(workflows)) {
    for (const [subscription, names] of Object.entries(waitsFor)) {
      handlers[subscription] ??= {};
      for (const event of names) handlers[subscription][event] = keeping(context, events[subscription]?.[event]);
    }
  }
  return handlers;
}

function keeping(context: string, handle: EventHandler | undefined): EventHandler {
  return async (args) => {
    await keepAwaitedEvent(args.tx.db, context, args.event);
    await handle?.(args);
  };
}

type TypesOf<Definition> = Definition extends ContextDefinition<infer Types extends ContextTypes, infer _ extends ContractMap> ? Types : never;

/** `ctx` of a context, for functions that several handlers share. Name the procedure if the function throws errors that its contract declares. */
export type ContextOf<Definition, Procedure extends AnyProcedure = AnyProcedure> = HandlerContext<TypesOf<Definition>, Procedure>;

/** `ctx` of a subscription, for functions that yield its items. */
export type SubscriptionContextOf<Definition, Procedure extends AnyProcedure = AnyProcedure> = SubscriptionContext<TypesOf<Definition>, Procedure>;

/** The part of `ctx` that reads. Transactional handlers and rules have this part too. */
export type ReaderOf<Definition> = Pick<BaseContext<TypesOf<Definition>, AnyProcedure>, "db" | "prepared">;

/** An open transaction of a context. */
export type TransactionOf<Definition> = Transaction<TypesOf<Definition>>;

/** `ctx` of a context's start handler, for functions that it calls. */
export type StartContextOf<Definition> = StartContext<TypesOf<Definition>>;
