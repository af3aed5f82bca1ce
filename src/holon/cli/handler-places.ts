import { AsyncLocalStorage } from "node:async_hooks";
import type { ContextModule } from "../define/define-context.ts";
import type { App } from "../process/app/define-app.ts";

/** The handler that called some code: `orders.place`, or `orders (job sendReceipt)`. */
interface HandlerPlace {
  readonly procedure: string;
  readonly traceId?: string;
}

type Handler = (args: unknown) => unknown;

/**
 * Knows which handler called the code that runs now, across all awaits since.
 *
 * Node follows each promise for this, which costs about a microsecond a call. So it is only for processes that are set up to do it.
 */
export class HandlerPlaces {
  readonly #storage = new AsyncLocalStorage<HandlerPlace>();

  /** Undefined outside of a handler. */
  get current(): HandlerPlace | undefined {
    return this.#storage.getStore();
  }

  /** The same app; its handlers are known by name while they run. */
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

  /** The contract may put handlers in nested objects, by version. A handler may also be inside the object that `outsideEffect` or a rule on answers is. */
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

  /** A generator runs when its next item is requested. */
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
