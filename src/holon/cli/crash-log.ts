import { AsyncLocalStorage } from "node:async_hooks";
import { isLostTypeStatement } from "../data/database-error.ts";
import type { ContextModule } from "../define/define-context.ts";
import { isHolonError } from "../kernel/holon-error.ts";
import { callPlaceOf, wasHandedOut } from "../kernel/left-behind.ts";
import type { Logger } from "../kernel/log.ts";
import type { App } from "../process/app/define-app.ts";
import type { Plan } from "../process/plan/plan.ts";

/**
 * Logs errors that no code caught. Node would print such an error as it is, with all secrets in its message.
 *
 * Shape: the app to run. In development, and in production if `onUnhandled` is `trace`, the log also names the handler that was at work.
 *
 * An error that was thrown outside of a promise always ends the process. If a call or a transaction that the toolkit handed out fails and no code waits for it,
 * that is logged and never ends the process. Any other promise belongs to the app, and `onUnhandled` decides whether the process ends. The exit code is 1, as
 * it is without this function.
 */
export function logUnhandled(app: App, { production, onUnhandled }: Plan, log: Logger): App {
  const handlers = production && onUnhandled !== "trace" ? undefined : new HandlerPlaces();
  process.on("unhandledRejection", (reason, promise) => {
    if (isLostTypeStatement(reason)) {
      log.warn({ err: reason }, "a connection to Postgres was lost as it began; it is opened again when it is needed");
      return;
    }
    const call = callPlaceOf(promise);
    const handler = handlers?.current;
    const place = { ...handler, ...call, ...(handler === undefined ? {} : { handler: handler.procedure }) };
    if (call !== undefined || isHolonError(reason) || wasHandedOut(reason)) {
      // A handler started a call or a transaction, and does not wait for the answer, or does not wait yet. The failure is such an answer, and must not end the
      // process.
      log.warn({ ...place, err: reason }, "a call or a transaction failed and nothing waits for its answer: await it, or catch its error");
    } else if (onUnhandled === "exit") {
      log.error(
        { ...place, err: reason },
        "the process ends: a promise of the app was rejected and nothing handles it (with HOLON_ON_UNHANDLED=log it goes on)",
      );
      process.exit(1);
    } else {
      log.error(
        { ...place, err: reason },
        "a promise of the app was rejected and nothing handles it: the process goes on, as HOLON_ON_UNHANDLED says",
      );
    }
  });
  process.on("uncaughtException", (error) => {
    log.error({ ...handlers?.current, err: error }, "the process ends: an error was not caught, so the state of the process may be damaged");
    process.exit(1);
  });
  return handlers?.nameHandlersOf(app) ?? app;
}

/** The handler in which some code runs: `orders.place`, or `orders (job sendReceipt)`. */
interface HandlerPlace {
  readonly procedure: string;
  readonly traceId?: string;
}

type Handler = (args: unknown) => unknown;

/**
 * Remembers which handler called the code that runs now, also after any number of awaits.
 *
 * Node follows each promise for this, which costs about a microsecond a call. So it is used only in development, and in production if `onUnhandled` is `trace`.
 */
class HandlerPlaces {
  readonly #storage = new AsyncLocalStorage<HandlerPlace>();

  /** Undefined outside of a handler. */
  get current(): HandlerPlace | undefined {
    return this.#storage.getStore();
  }

  /** The same app, with handlers that set {@link current} while they run. */
  nameHandlersOf(app: App): App {
    return { ...app, contexts: app.contexts.map((module) => this.#named(module)) };
  }

  #named(module: ContextModule): ContextModule {
    const { name, atStart, procedures, rules, jobHandlers, workflowHandlers, events } = module;
    const of = (kind: string) => (path: string) => `${name} (${kind} ${path})`;
    return {
      ...module,
      procedures: this.#tree((path) => `${name}.${path}`, procedures),
      rules: this.#tree((path) => `${name}.${path} (rule)`, rules),
      jobHandlers: this.#tree(of("job"), jobHandlers),
      workflowHandlers: this.#tree(of("workflow"), workflowHandlers),
      events: this.#tree(of("event"), events),
      atStart: atStart === undefined ? undefined : this.#handler({ procedure: `${name} (start)` }, atStart as Handler),
    };
  }

  /** A tree of handlers may have groups or versions. `outsideEffect` and a rule on answers are objects with one handler inside. */
  #tree<Tree>(nameOf: (path: string) => string, node: Tree, path = ""): Tree {
    if (typeof node === "function") return this.#handler({ procedure: nameOf(path) }, node as unknown as Handler) as Tree;
    if (typeof node !== "object" || node === null) return node;
    const isOneHandler = "kind" in node && node.kind === "outsideEffect";
    const pathOf = (name: string): string => (isOneHandler ? path : path === "" ? name : `${path}.${name}`);
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, this.#tree(nameOf, child, pathOf(name))])) as Tree;
  }

  #handler(place: HandlerPlace, handler: Handler): Handler {
    return (args) => {
      const traceId = (args as { readonly ctx?: { readonly traceId?: string } }).ctx?.traceId;
      const named = traceId === undefined ? place : { ...place, traceId };
      const result = this.#storage.run(named, handler, args);
      return isStream(result) ? this.#stream(named, result) : result;
    };
  }

  /** The code of a generator runs when its next item is requested. So the handler is set for each request. */
  #stream(place: HandlerPlace, items: AsyncIterable<unknown>): AsyncIterable<unknown> {
    const run = <Result>(work: () => Result): Result => this.#storage.run(place, work);
    return {
      [Symbol.asyncIterator]() {
        const iterator = run(() => items[Symbol.asyncIterator]());
        return {
          next: () => run(() => iterator.next()),
          return: (value) => run(async () => (await iterator.return?.(value)) ?? { done: true, value }),
        };
      },
    };
  }
}

function isStream(result: unknown): result is AsyncIterable<unknown> {
  return typeof result === "object" && result !== null && !(result instanceof Promise) && Symbol.asyncIterator in result;
}
