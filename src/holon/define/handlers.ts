import type { z } from "zod";
import type { AnyProcedure, Contract, ContractMap, EventMap, OutputOf, ParsedInputOf, ProcedureTree, ReturnOf } from "../contract/index.ts";
import type { EventContext, HandledEvent } from "../work/inbox/event-routes.ts";
import type { JobMap } from "../work/jobs/job.ts";
import type { ScheduleSpec } from "../work/schedules/schedule.ts";
import type { WatchedEvent } from "../work/watch/watcher.ts";
import type { BaseContext, ContextTypes, HandlerContext, Transaction } from "./handler-context.ts";

type MaybePromise<T> = T | Promise<T>;

/** The arguments of a handler. */
interface HandlerArguments<T extends ContextTypes, P extends AnyProcedure> {
  readonly input: ParsedInputOf<P>;
  readonly ctx: HandlerContext<T, P>;
}

/** The arguments of a subscription's handler. */
interface SubscriptionArguments<T extends ContextTypes, P extends AnyProcedure> {
  readonly input: ParsedInputOf<P>;
  readonly ctx: SubscriptionContext<T, P>;
}

/** The arguments of an idempotent mutation's handler. The transaction also writes the key and the answer. Such a handler cannot call other contexts. */
interface TransactionalArguments<T extends ContextTypes, P extends AnyProcedure> {
  readonly input: ParsedInputOf<P>;
  readonly ctx: BaseContext<T, P>;
  readonly tx: Transaction<T>;
  /** The caller's key, or a random one if the caller sent none. */
  readonly key: string;
}

/** The arguments of an idempotent mutation's handler that has effects outside its own database. */
interface OutsideEffectArguments<T extends ContextTypes, P extends AnyProcedure> extends HandlerArguments<T, P> {
  /** The caller's key, or a random one if the caller sent none. Pass it to the outside system, so that this system too acts once. */
  readonly key: string;
  /** Counts from 1; higher if an earlier attempt with this key failed or its process died. */
  readonly attempt: number;
}

/** A handler marked by {@link outsideEffect}. */
export interface OutsideEffect<Arguments, Result> {
  readonly kind: "outsideEffect";
  readonly run: (args: Arguments) => Promise<Result>;
}

/**
 * Marks the handler of an idempotent mutation that acts outside its own database: it calls another context, or a gateway.
 *
 * The key is claimed first, for as long as the call may take. The handler then acts outside, and opens exactly one `ctx.transaction`, whose result is the
 * answer: effect and answer are written together. If the handler fails before this transaction is committed, the key is released. So the handler must undo what
 * it did outside, or the outside system must accept the same action again under the same key.
 *
 * A workflow may undo the step that called the handler while the handler still runs. Then the handler's transaction is refused with KEY_UNDONE, and what the
 * handler did outside must be taken back. The handler does that, or the procedure that undoes the step does it at the outside system, by the same key. This
 * also holds for an action that the outside system carries out only after the undo.
 */
export function outsideEffect<Arguments, Result>(run: (args: Arguments) => Promise<Result>): OutsideEffect<Arguments, Result> {
  return { kind: "outsideEffect", run };
}

/** The handler of one procedure. */
type HandlerOf<T extends ContextTypes, P extends AnyProcedure> = P["type"] extends "subscription"
  ? (args: SubscriptionArguments<T, P>) => AsyncIterable<ReturnOf<P>>
  : P["type"] extends "mutation"
    ? P["idempotent"] extends true
      ? ((args: TransactionalArguments<T, P>) => Promise<ReturnOf<P>>) | OutsideEffect<OutsideEffectArguments<T, P>, ReturnOf<P>>
      : (args: HandlerArguments<T, P>) => MaybePromise<ReturnOf<P>>
    : (args: HandlerArguments<T, P>) => MaybePromise<ReturnOf<P>>;

/** The handlers of a contract: one for each procedure, no more and no fewer. */
export type HandlersOf<T extends ContextTypes, Tree extends ProcedureTree> = {
  readonly [Name in keyof Tree]: Tree[Name] extends AnyProcedure
    ? HandlerOf<T, Tree[Name]>
    : Tree[Name] extends ProcedureTree
      ? HandlersOf<T, Tree[Name]>
      : never;
};

/** A rule on a row. It is checked for users and anonymous callers, never for systems. If it returns `false`, the caller gets NOT_FOUND. */
type RuleOf<T extends ContextTypes, P extends AnyProcedure> =
  | ((args: { readonly input: ParsedInputOf<P>; readonly ctx: BaseContext<T, P> }) => MaybePromise<boolean>)
  | (P["type"] extends "mutation" ? never : RowRule<T, P>);

/** A rule of a query. It gets the answer of the query, so it need not read the row itself. */
interface RowRule<T extends ContextTypes, P extends AnyProcedure> {
  readonly answer: (args: {
    readonly input: ParsedInputOf<P>;
    readonly output: OutputOf<P>;
    readonly ctx: BaseContext<T, P>;
  }) => MaybePromise<boolean>;
}

/** Rules by procedure. A procedure without a rule is open to all principals that its `access` admits. */
export type RulesOf<T extends ContextTypes, Tree extends ProcedureTree> = {
  readonly [Name in keyof Tree]?: Tree[Name] extends AnyProcedure
    ? RuleOf<T, Tree[Name]>
    : Tree[Name] extends ProcedureTree
      ? RulesOf<T, Tree[Name]>
      : never;
};

type EventsOf<T extends ContextTypes> = T["contract"]["events"] extends infer E extends EventMap ? E : never;

/** Which events to watch, and after which event the watch begins. */
export interface WatchOptions {
  /** Value of the event's `orderedBy` field: only events with this value are watched. If it is left out, events of all keys are watched. */
  readonly key?: string | number | boolean;
  /** The id of the last item that the client has, tRPC's `lastEventId`: the watch begins right after it. If it is undefined, the watch begins now. */
  readonly after?: string | undefined;
}

/**
 * Events that any process commits, in the order of their positions. Events of one key are in the order of their commits. The items fit a resumable
 * subscription.
 */
export interface Watch<Payload> extends AsyncIterableIterator<WatchedEvent<Payload>, undefined> {
  /** The id for an item that is sent before the first event, such as the present state: a client that resumes after this id misses no event. */
  readonly start: string;
}

/** `ctx` of a subscription's handler. */
export interface SubscriptionContext<T extends ContextTypes, P extends AnyProcedure> extends HandlerContext<T, P> {
  /**
   * Watches events of this context until the subscription ends.
   *
   * It begins at a moment before the promise resolves, and yields all events that are committed after that moment. Open the watch before you read the present
   * state. Then no event is missed, but an event may come that the state already includes.
   *
   * Errors: BAD_REQUEST with the issue `malformed` if `after` is not the id of an item of a watch. BAD_REQUEST with the issue `gone` if events after it were
   * removed, which happens 7 days after all subscribers have taken them. The client then reads the state again and subscribes without `after`. UNAVAILABLE if
   * the database cannot be reached.
   */
  watch<Name extends keyof EventsOf<T> & string>(event: Name, options?: WatchOptions): Promise<Watch<z.output<EventsOf<T>[Name]["payload"]>>>;
}

/** `ctx` of {@link StartHandler}: the context's own tables. It cannot call other contexts, because they may not be running yet. */
export type StartContext<T extends ContextTypes> = Pick<
  HandlerContext<T, AnyProcedure>,
  "db" | "prepared" | "transaction" | "log" | "signal" | "remainingMs"
>;

/**
 * Work that a process does for a context at the start: the tables of the context exist, and the process takes no call, event or job yet.
 *
 * It runs in every process that hosts the context, at every start, and in several processes at once. Work that must happen once needs a row that says that it
 * was done. If the handler throws, the start ends with this error.
 */
export type StartHandler<T extends ContextTypes> = (args: { readonly ctx: StartContext<T> }) => Promise<void> | void;

/** The return type of a job's handler. If the job declares no result, the handler need not return a value. */
type JobReturn<Result extends z.ZodType> = undefined extends z.input<Result> ? z.input<Result> | void : z.input<Result>;

/** The arguments of a job's handler. */
export interface JobArguments<T extends ContextTypes, Name extends keyof T["jobs"]> {
  readonly data: z.output<T["jobs"][Name]["data"]>;
  /**
   * `ctx` of a call that is made for the system `<context>/job <name>`. `ctx.initiator` is the principal that enqueued the job; `ctx.signal` is aborted at the
   * job's timeout.
   */
  readonly ctx: HandlerContext<T, AnyProcedure>;
  /** Counts from 1; higher if an earlier run failed or its process died. */
  readonly attempt: number;
  /** Stores how far the job has come, so that operators can see it. */
  progress(value: object | number): Promise<void>;
  /**
   * Runs the transaction whose commit ends the job. Effect and end are written together, so the effect happens once, even if the process dies right after the
   * commit. The code that follows `complete` in the handler is not tried again. Writes of `ctx.transaction` happen again with each run.
   *
   * Errors: KEY_IN_FLIGHT if this run was taken for dead and another process runs the job now. Then nothing is written.
   */
  complete(run: (tx: Transaction<T>) => Promise<JobReturn<T["jobs"][Name]["result"]>>): Promise<void>;
}

/** The handlers of a context's jobs: one for each, no more and no fewer. */
export type JobHandlersOf<T extends ContextTypes> = {
  readonly [Name in keyof T["jobs"]]: (args: JobArguments<T, Name>) => MaybePromise<JobReturn<T["jobs"][Name]["result"]>>;
};

/** The `jobs` that `implement` takes: required if the context declares any. */
export type JobParts<T extends ContextTypes> = keyof T["jobs"] extends never ? { readonly jobs?: {} } : { readonly jobs: JobHandlersOf<T> };

/** Schedules whose jobs exist and whose data fits them. */
export type SchedulesOf<J extends JobMap> = Readonly<
  Record<string, { [Name in keyof J & string]: ScheduleSpec<Name, z.input<J[Name]["data"]>> }[keyof J & string]>
>;

type EventsOfContract<C extends Contract> = C["events"] extends infer E extends EventMap ? E : never;

/** An event of another context, typed by that context's contract. */
interface EventOf<C extends Contract, Name extends keyof EventsOfContract<C> & string>
  extends HandledEvent<z.output<EventsOfContract<C>[Name]["payload"]>> {
  readonly name: Name;
  readonly producer: C["name"];
}

/** The arguments of an event handler. Its transaction also records that the event was handled. A call or a mail must be enqueued as a job. */
interface EventHandlerArguments<T extends ContextTypes, C extends Contract, Name extends keyof EventsOfContract<C> & string> {
  readonly event: EventOf<C, Name>;
  readonly tx: Transaction<T>;
  readonly ctx: EventContext;
}

/**
 * The handlers of the events that a context subscribes to, by member of `subscribesTo`. The context receives the events that are named here and no others,
 * from its first start on. It also receives those that happened while it was down.
 *
 * A handler that throws is called again, up to eight times in all; after that the event is parked.
 */
export type EventHandlersOf<T extends ContextTypes, S extends ContractMap> = {
  readonly [Subscription in keyof S]: {
    readonly [Name in keyof EventsOfContract<S[Subscription]> & string]?: (
      args: EventHandlerArguments<T, S[Subscription], Name>,
    ) => MaybePromise<void>;
  };
};

/** The `events` that `implement` takes: required if the context subscribes to any context. */
export type EventParts<T extends ContextTypes, S extends ContractMap> = keyof S extends never
  ? { readonly events?: Readonly<Record<string, never>> }
  : { readonly events: EventHandlersOf<T, S> };
