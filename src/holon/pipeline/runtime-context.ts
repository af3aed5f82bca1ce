import type { AnyProcedure } from "../contract/index.ts";
import type { ContextData } from "../data/context-data.ts";
import type { ReadDatabase, Tables } from "../data/drizzle/database.ts";
import type { PreparableQuery, PreparedQueryOf } from "../data/drizzle/prepared-query.ts";
import type { WatchOptions } from "../define/handlers.ts";
import type { Clock } from "../kernel/clock.ts";
import { catalogueError, HolonError } from "../kernel/holon-error.ts";
import { handOut, noteHandedOut } from "../kernel/left-behind.ts";
import type { Logger } from "../kernel/log.ts";
import { type Principal, principalName, type UserPrincipal } from "../kernel/principal.ts";
import type { Scope } from "../kernel/scope.ts";
import { readSafely } from "../kernel/thrown.ts";
import type { ContextWatch } from "../work/watch/context-watch.ts";
import type { Watcher } from "../work/watch/watcher.ts";
import { findRun, type WorkflowRun } from "../work/workflows/workflow-run.ts";
import type { TransactionRecord } from "./answer-record.ts";
import { type CallOrigin, type CallTreeFactory, ContextOrigin } from "./call-tree.ts";
import type { TransactionFactory } from "./typed-transaction.ts";

/** What the handlers of one context share in one process. */
export interface ContextDeps {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly calls: CallTreeFactory;
  /** Undefined for a context without tables. */
  readonly store: ContextData | undefined;
  /** Undefined if there is no store. */
  readonly watch: ContextWatch | undefined;
  readonly openTransaction: TransactionFactory;
}

/** `ctx` of one call, at run time. Handlers see it as {@link import("../define/handler-context.ts").HandlerContext}. */
export class RuntimeContext implements CallOrigin {
  readonly scope: Scope;
  readonly #deps: ContextDeps;
  readonly #procedure: AnyProcedure;
  readonly #answer: TransactionRecord | undefined;
  #openTransactions = 0;

  constructor(scope: Scope, deps: ContextDeps, procedure: AnyProcedure, answer?: TransactionRecord) {
    this.scope = scope;
    this.#deps = deps;
    this.#procedure = procedure;
    this.#answer = answer;
  }

  /** The same context in another scope. With a record, each transaction also writes this record; an answer allows one transaction only. */
  inScope(scope: Scope, answer?: TransactionRecord): RuntimeContext {
    return new RuntimeContext(scope, this.#deps, this.#procedure, answer);
  }

  get contextName(): string {
    return this.#deps.name;
  }

  get callPrincipal(): Principal {
    return this.scope.principal;
  }

  get insideTransaction(): boolean {
    return this.#openTransactions > 0;
  }

  get monotonicMs(): () => number {
    return () => this.#deps.clock.monotonicMs();
  }

  get call(): object {
    return this.#deps.calls(this);
  }

  get asSystem(): { readonly call: object } {
    const { name, log, calls } = this.#deps;
    const task = `on behalf of ${principalName(this.scope.initiator)}`;
    log.info({ traceId: this.scope.trace.traceId, initiator: principalName(this.scope.initiator) }, "a handler acts as its system");
    return { call: calls(new ContextOrigin(this, Object.freeze({ kind: "system", context: name, task }))) };
  }

  get principal(): Principal {
    return this.scope.principal;
  }

  get user(): UserPrincipal | undefined {
    const { principal } = this.scope;
    return principal.kind === "user" ? principal : undefined;
  }

  get initiator(): Principal {
    return this.scope.initiator;
  }

  get signal(): AbortSignal {
    return guardListeners(this.scope.signal, (thrown) => this.log.error({ err: thrown }, "a listener of the signal of a call threw"));
  }

  get remainingMs(): number {
    return Math.max(0, this.scope.deadlineAtMs - this.#deps.clock.monotonicMs());
  }

  get traceId(): string {
    return this.scope.trace.traceId;
  }

  get log(): Logger {
    const { principal, trace } = this.scope;
    return this.#deps.log.child({ traceId: trace.traceId, ...(principal.kind === "user" ? { userId: principal.id } : {}) });
  }

  get db(): ReadDatabase<Tables> {
    return this.#store().reader(this.scope);
  }

  prepared<Q extends PreparableQuery>(name: string, build: (db: ReadDatabase<Tables>) => Q): PreparedQueryOf<Q> {
    return this.#store().prepared(this.scope, name, build);
  }

  findRun(name: string, key: string): Promise<WorkflowRun | undefined> {
    return findRun(this.#store(), this.scope, name, key);
  }

  async watch(event: string, options: WatchOptions = {}): Promise<Watcher> {
    const { watch, name } = this.#deps;
    if (watch === undefined) throw noTables(name);
    return watch.open(this.scope, { ...options, event });
  }

  /** For a declared error the first argument is its details; for a common refusal it is the message. */
  fail(code: string, first?: unknown, second?: unknown): HolonError {
    const [details, message] = Object.hasOwn(this.#procedure.errors, code) ? [first, second] : [second, first];
    return new HolonError(code, typeof message === "string" ? message : sentenceOf(code), { details });
  }

  requireUser(): UserPrincipal {
    const { user } = this;
    if (user === undefined) throw catalogueError("UNAUTHORIZED", "This needs a signed-in user.");
    return user;
  }

  transaction<R>(run: (tx: object) => Promise<R>): Promise<R> {
    const { scope } = this;
    return handOut(this.#transact(run), {
      procedure: `${this.#deps.name} (transaction)`,
      get traceId() {
        return scope.trace.traceId;
      },
    });
  }

  async #transact<R>(run: (tx: object) => Promise<R>): Promise<R> {
    const { openTransaction } = this.#deps;
    const answer = this.#answer;
    answer?.begin();
    this.#openTransactions++;
    try {
      const result = await this.#store().transaction(this.scope, async (tx) => {
        const made = await run(openTransaction(tx));
        await answer?.write(tx, made);
        return made;
      });
      answer?.commit();
      return result;
    } catch (error) {
      noteHandedOut(error);
      throw error;
    } finally {
      this.#openTransactions--;
    }
  }

  /** Runs a function of the pipeline that holds a transaction. Until the function ends, calls of other contexts are refused. */
  async holdingTransaction<R>(run: () => Promise<R>): Promise<R> {
    this.#openTransactions++;
    try {
      return await run();
    } finally {
      this.#openTransactions--;
    }
  }

  #store(): ContextData {
    const { store, name } = this.#deps;
    if (store === undefined) throw noTables(name);
    return store;
  }
}

function noTables(name: string): HolonError {
  return catalogueError("INTERNAL", `The context ${name} has no tables; name them in defineContext to use its database.`);
}

function sentenceOf(code: string): string {
  const words = code.toLowerCase().replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

type Listener = (event: Event) => unknown;

const guardedSignals = new WeakSet<AbortSignal>();

/**
 * Catches the errors of a signal's listeners. Otherwise Node would turn an error that a listener throws or rejects with into an uncaught exception, which ends
 * the process. A client that disconnects could then end the process. Returns the same signal.
 *
 * It covers listeners that are added to this signal, not those of a signal that `AbortSignal.any` makes from it.
 */
function guardListeners(signal: AbortSignal, onThrown: (thrown: unknown) => void): AbortSignal {
  if (guardedSignals.has(signal)) return signal;
  guardedSignals.add(signal);
  const guards = new WeakMap<object, Listener>();
  const guardOf = <Given>(listener: Given): Given | Listener => {
    if ((typeof listener !== "object" && typeof listener !== "function") || listener === null) return listener;
    let guard = guards.get(listener);
    if (guard === undefined) {
      guard = (event) => void runGuarded(() => callListener(listener, signal, event), onThrown);
      guards.set(listener, guard);
    }
    return guard;
  };
  const { onabort } = Object.getOwnPropertyDescriptors(AbortSignal.prototype);
  const add: AbortSignal["addEventListener"] = AbortSignal.prototype.addEventListener;
  const remove: AbortSignal["removeEventListener"] = AbortSignal.prototype.removeEventListener;
  let handler: AbortSignal["onabort"] = null;
  Object.defineProperties(signal, {
    addEventListener: { value: (type: string, listener: Listener, options?: object) => add.call(signal, type, guardOf(listener), options) },
    removeEventListener: {
      value: (type: string, listener: Listener, options?: object) => remove.call(signal, type, guardOf(listener), options),
    },
    onabort: {
      get: () => handler,
      set: (given: AbortSignal["onabort"]) => {
        handler = given;
        onabort?.set?.call(signal, guardOf(given));
      },
    },
  });
  return signal;
}

function callListener(listener: object, signal: AbortSignal, event: Event): unknown {
  if (typeof listener === "function") return listener.call(signal, event);
  return (listener as { handleEvent(event: Event): unknown }).handleEvent(event);
}

async function runGuarded(work: () => unknown, onThrown: (thrown: unknown) => void): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    readSafely(() => onThrown(thrown), undefined);
  }
}
