import type { z } from "zod";
import type {
  AnyProcedure,
  CommonErrors,
  Contract,
  ContractMap,
  DeclaredErrorsOf,
  EventMap,
  InputArguments,
  InputOf,
  OutputOf,
  ProcedureTree,
} from "../contract/index.ts";
import type { PreparableQuery, PreparedQueryOf, ReadDatabase, Tables, WriteDatabase } from "../data/index.ts";
import type { HolonError, Logger, Principal, UserPrincipal } from "../kernel/index.ts";
import type { JobMap, StartedRun, WorkflowMap, WorkflowRun } from "../work/index.ts";

/** The types that a context was defined with; carried by its definition, read by its handlers. */
export interface ContextTypes {
  readonly contract: Contract;
  readonly tables: Tables;
  readonly calls: ContractMap;
  readonly jobs: JobMap;
  readonly workflows: WorkflowMap;
}

/** Options of a call to another context. */
export interface CallOptions {
  /** Idempotency key of an idempotent mutation; the same key again gets the first answer. */
  readonly key?: string;
  /** Shorter than what is left of the caller's own deadline; milliseconds. */
  readonly deadlineMs?: number;
  /** Cancels this one call. */
  readonly signal?: AbortSignal;
}

declare const errorsTag: unique symbol;

/** A call's promise, tagged with the errors that its contract declares, for {@link import("./safe-call.ts").safeCall}. */
export type CallPromise<Output, Errors> = Promise<Output> & { readonly [errorsTag]?: Errors };

/** A procedure of another context, as a function. */
export type CallFunction<P extends AnyProcedure> = P["type"] extends "subscription"
  ? (...args: InputArguments<InputOf<P>, CallOptions>) => AsyncIterable<OutputOf<P>>
  : (...args: InputArguments<InputOf<P>, CallOptions>) => CallPromise<OutputOf<P>, DeclaredErrorsOf<P> & CommonErrors>;

/** The procedures of a contract as functions. */
export type CallTree<T extends ProcedureTree> = {
  readonly [Name in keyof T]: T[Name] extends AnyProcedure ? CallFunction<T[Name]> : T[Name] extends ProcedureTree ? CallTree<T[Name]> : never;
};

/** `ctx.call`: the contexts that this one declared, and no others. */
export type Calls<C extends ContractMap> = { readonly [Name in keyof C]: CallTree<C[Name]["procedures"]> };

/** Options of a job that is enqueued. */
export interface EnqueueOptions {
  /** Up to a year. */
  readonly delayMs?: number;
  /** 1 is the most urgent, 2 097 151 the least; 0, the default, goes before all priorities. */
  readonly priority?: number;
  /** While a job with the same key waits, another is not added; at most 200 characters. */
  readonly deduplicationKey?: string;
}

/** An open transaction of a handler: writing, emitting and enqueueing exist nowhere else. */
export interface Transaction<T extends ContextTypes> {
  readonly db: WriteDatabase<T["tables"]>;
  /** Writes an event of the contract beside the data. Errors: a payload that does not fit rolls the transaction back. */
  emit<Name extends keyof EventsOf<T> & string>(name: Name, payload: z.input<EventsOf<T>[Name]["payload"]>): Promise<void>;
  /** Writes a job beside the data. */
  enqueue<Name extends keyof T["jobs"] & string>(name: Name, data: z.input<T["jobs"][Name]["data"]>, options?: EnqueueOptions): Promise<void>;
  /**
   * Starts a workflow beside the data. The same key again finds the same run, as long as that is kept: until `runsKeptMs` (30 days) after its end.
   *
   * Errors: KEY_REUSED where this version of the workflow was started under this key with another input.
   */
  start<Name extends keyof T["workflows"] & string>(
    name: Name,
    input: z.input<T["workflows"][Name]["input"]>,
    options: StartOptions,
  ): Promise<StartedRun>;
}

/** Options of a workflow that is started. */
export interface StartOptions {
  /** What the run is known by, such as the id of what it works on; at most 200 characters. It is free again when the run is removed, `runsKeptMs` (30 days) after its end. */
  readonly key: string;
}

type EventsOf<T extends ContextTypes> = T["contract"]["events"] extends infer E extends EventMap ? E : never;

/** The arguments of `ctx.fail` behind the code: details are needed where the declared schema needs them. */
type FailArguments<Errors, Code extends keyof Errors> = unknown extends Errors[Code]
  ? [message?: string, details?: unknown]
  : [details: Errors[Code], message?: string];

/** What a handler may do, but for calling others and opening transactions. */
export interface BaseContext<T extends ContextTypes, P extends AnyProcedure> {
  /** Who the call is made for. */
  readonly principal: Principal;
  /** The signed-in user; undefined where the call is anonymous or made by a system. */
  readonly user: UserPrincipal | undefined;
  /** Who started the work that this call belongs to. */
  readonly initiator: Principal;
  /** Aborted when the caller gave up or the deadline passed. */
  readonly signal: AbortSignal;
  /** Milliseconds left. */
  readonly remainingMs: number;
  readonly traceId: string;
  readonly log: Logger;
  /** Reads of the context's own tables. */
  readonly db: ReadDatabase<T["tables"]>;
  /** A read that is built and prepared once per name, and then costs what raw SQL costs. */
  prepared<Q extends PreparableQuery>(name: string, build: (db: ReadDatabase<T["tables"]>) => Q): PreparedQueryOf<Q>;
  /** How a run of an own workflow stands, by the key that it was started with; undefined where there is none. */
  findRun(name: keyof T["workflows"] & string, key: string): Promise<WorkflowRun | undefined>;
  /** Makes the error to throw: one that the contract declares, or NOT_FOUND, CONFLICT, FORBIDDEN, UNAUTHORIZED. */
  fail<Code extends keyof (DeclaredErrorsOf<P> & CommonErrors) & string>(
    code: Code,
    ...rest: FailArguments<DeclaredErrorsOf<P> & CommonErrors, Code>
  ): HolonError<Code>;
  /** The user, where the access of the procedure promises one. Errors: UNAUTHORIZED. */
  requireUser(): UserPrincipal;
}

/** What a handler may do. */
export interface HandlerContext<T extends ContextTypes, P extends AnyProcedure> extends BaseContext<T, P> {
  /** The declared contexts; a function call or a network call, by setting. */
  readonly call: Calls<T["calls"]>;
  /** The same, made as this context itself and not for the user; logged. */
  readonly asSystem: { readonly call: Calls<T["calls"]> };
  /**
   * Runs a function in one transaction. It may run again where Postgres found a deadlock.
   *
   * Errors: CONFLICT for a unique value that is taken (`details.fields`) or a deadlock that stays; CALL_IN_TRANSACTION where it calls a context.
   */
  transaction<R>(run: (tx: Transaction<T>) => Promise<R>): Promise<R>;
}
