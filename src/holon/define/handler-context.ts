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
import type { ReadDatabase, Tables, WriteDatabase } from "../data/drizzle/database.ts";
import type { PreparableQuery, PreparedQueryOf } from "../data/drizzle/prepared-query.ts";
import type { CatalogueCode } from "../kernel/error-catalogue.ts";
import { type HolonError, isHolonError } from "../kernel/holon-error.ts";
import type { Logger } from "../kernel/log.ts";
import type { Principal, UserPrincipal } from "../kernel/principal.ts";
import type { JobMap } from "../work/jobs/job.ts";
import type { WorkflowMap } from "../work/workflows/workflow.ts";
import type { StartedRun, WorkflowRun } from "../work/workflows/workflow-run.ts";

/** The types with which a context was defined. The definition has them, and the handlers use them. */
export interface ContextTypes {
  readonly contract: Contract;
  readonly tables: Tables;
  readonly calls: ContractMap;
  readonly jobs: JobMap;
  readonly workflows: WorkflowMap;
}

/** Options of a call to another context. */
export interface CallOptions {
  /** Idempotency key of an idempotent mutation; a second call with the same key gets the first answer. */
  readonly key?: string;
  /** The longest time of the call, in milliseconds. The call never lasts longer than the rest of the caller's own deadline. */
  readonly deadlineMs?: number;
  /** Cancels this one call. */
  readonly signal?: AbortSignal;
}

declare const errorsTag: unique symbol;

/** A call's promise, tagged with the errors that its contract declares, for {@link safeCall}. */
export type CallPromise<Output, Errors> = Promise<Output> & { readonly [errorsTag]?: Errors };

/** A procedure of another context, as a function. */
type CallFunction<P extends AnyProcedure> = P["type"] extends "subscription"
  ? (...args: InputArguments<InputOf<P>, CallOptions>) => AsyncIterable<OutputOf<P>>
  : (...args: InputArguments<InputOf<P>, CallOptions>) => CallPromise<OutputOf<P>, DeclaredErrorsOf<P> & CommonErrors>;

/** The procedures of a contract as functions. */
type CallTree<T extends ProcedureTree> = {
  readonly [Name in keyof T]: T[Name] extends AnyProcedure ? CallFunction<T[Name]> : T[Name] extends ProcedureTree ? CallTree<T[Name]> : never;
};

/** `ctx.call`: the contexts that this context declared, and no others. */
export type Calls<C extends ContractMap> = { readonly [Name in keyof C]: CallTree<C[Name]["procedures"]> };

/** Options of a job that is enqueued. */
export interface EnqueueOptions {
  /** The job waits for this time before it runs; at most a year. */
  readonly delayMs?: number;
  /** 1 is the most urgent priority, and 2 097 151 the least urgent. Jobs with 0, the default, run before jobs with a priority. */
  readonly priority?: number;
  /** While a job with this key waits, no other job with the same key is added. At most 200 characters. */
  readonly deduplicationKey?: string;
}

/** An open transaction of a handler. A handler can write, emit, enqueue and start workflows only by a transaction. */
export interface Transaction<T extends ContextTypes> {
  readonly db: WriteDatabase<T["tables"]>;
  /** Writes an event of the contract in the same transaction as the data. Errors: a payload that does not fit rolls the transaction back. */
  emit<Name extends keyof EventsOf<T> & string>(name: Name, payload: z.input<EventsOf<T>[Name]["payload"]>): Promise<void>;
  /** Writes a job in the same transaction as the data. */
  enqueue<Name extends keyof T["jobs"] & string>(name: Name, data: z.input<T["jobs"][Name]["data"]>, options?: EnqueueOptions): Promise<void>;
  /**
   * Starts a workflow in the same transaction as the data. The same key finds the same run as long as the run is kept: until `runsKeptMs` (30 days) after its
   * end.
   *
   * Errors: KEY_REUSED if this version of the workflow was started under this key with another input.
   */
  start<Name extends keyof T["workflows"] & string>(
    name: Name,
    input: z.input<T["workflows"][Name]["input"]>,
    options: StartOptions,
  ): Promise<StartedRun>;
}

/** Options of a workflow that is started. */
export interface StartOptions {
  /**
   * The name of the run, such as the id of the order that it works on; at most 200 characters. The key is free again when the run is removed, `runsKeptMs` (30
   * days) after its end.
   */
  readonly key: string;
}

type EventsOf<T extends ContextTypes> = T["contract"]["events"] extends infer E extends EventMap ? E : never;

/** The arguments of `ctx.fail` after the code: details are required if the declared schema requires them. */
type FailArguments<Errors, Code extends keyof Errors> = unknown extends Errors[Code]
  ? [message?: string, details?: unknown]
  : [details: Errors[Code], message?: string];

/** The part of `ctx` that does not call other contexts and does not open transactions. */
export interface BaseContext<T extends ContextTypes, P extends AnyProcedure> {
  /** The principal that the call is made for. */
  readonly principal: Principal;
  /** The signed-in user; undefined if the call is anonymous or made by a system. */
  readonly user: UserPrincipal | undefined;
  /** The principal that started the work to which this call belongs. */
  readonly initiator: Principal;
  /** Aborted when the caller gives up or the deadline passes. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline. */
  readonly remainingMs: number;
  readonly traceId: string;
  readonly log: Logger;
  /** Reads of the context's own tables. */
  readonly db: ReadDatabase<T["tables"]>;
  /** A read that is built and prepared once for each name. After that it costs the same as raw SQL. */
  prepared<Q extends PreparableQuery>(name: string, build: (db: ReadDatabase<T["tables"]>) => Q): PreparedQueryOf<Q>;
  /** The state of a run of one of the context's own workflows, by the key that it was started with; undefined if this run does not exist. */
  findRun(name: keyof T["workflows"] & string, key: string): Promise<WorkflowRun | undefined>;
  /** Makes the error to throw: one that the contract declares, or NOT_FOUND, CONFLICT, FORBIDDEN, UNAUTHORIZED. */
  fail<Code extends keyof (DeclaredErrorsOf<P> & CommonErrors) & string>(
    code: Code,
    ...rest: FailArguments<DeclaredErrorsOf<P> & CommonErrors, Code>
  ): HolonError<Code>;
  /** The signed-in user. Errors: UNAUTHORIZED if no user is signed in. */
  requireUser(): UserPrincipal;
}

/** `ctx` of a handler that may call other contexts and open transactions. */
export interface HandlerContext<T extends ContextTypes, P extends AnyProcedure> extends BaseContext<T, P> {
  /** The declared contexts. A call is a function call if the context runs in this process, and a network call if it does not. */
  readonly call: Calls<T["calls"]>;
  /** The same contexts. Calls are made for this context's own system instead of the user, and each call is logged. */
  readonly asSystem: { readonly call: Calls<T["calls"]> };
  /**
   * Runs a function in one transaction. The function may run again if Postgres found a deadlock.
   *
   * Errors: CONFLICT for a unique value that is taken (`details.fields`) or for deadlocks that do not end; CALL_IN_TRANSACTION if the function calls a context.
   */
  transaction<R>(run: (tx: Transaction<T>) => Promise<R>): Promise<R>;
}

/** An error of a call: one of those that its contract declares, with typed details, or one of the catalogue. */
export type CallError<Errors> =
  | { [Code in keyof Errors & string]: HolonError<Code, Errors[Code]> }[keyof Errors & string]
  | HolonError<Exclude<CatalogueCode, keyof Errors>>;

/** The result of {@link safeCall}: `[answer, undefined]` or `[undefined, error]`. */
export type SafeCallResult<Output, Errors> = readonly [answer: Output, error: undefined] | readonly [answer: undefined, error: CallError<Errors>];

/**
 * Awaits a call to another context without throwing, with errors typed by its contract.
 *
 * Errors: an error that is not a HolonError is thrown; only a bug makes such an error.
 */
export async function safeCall<Output, Errors>(call: CallPromise<Output, Errors>): Promise<SafeCallResult<Output, Errors>> {
  try {
    return [await call, undefined];
  } catch (error) {
    if (isHolonError(error)) return [undefined, error as CallError<Errors>];
    throw error;
  }
}
