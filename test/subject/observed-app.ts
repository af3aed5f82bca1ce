import type { App } from "holon";
import { type AnyProcedure, isProcedure, type ProcedureTree } from "holon/contract";

/** A handler without its types. */
export type Handler = (args: { readonly input: unknown; readonly ctx: { readonly signal: AbortSignal } }) => unknown;

/** Replaces one handler. */
export type ChangeHandler = (path: string, procedure: AnyProcedure, handler: Handler) => Handler;

interface Tree {
  readonly [name: string]: unknown;
}

/** The same app with other handlers; access, rules, transactions and keys still surround them. */
export function withHandlers(app: App, change: ChangeHandler): App {
  const contexts = app.contexts.map((module) => ({
    ...module,
    procedures: changed(`${module.name}.`, module.contract.procedures, module.procedures, change),
  }));
  return { ...app, contexts };
}

function changed(prefix: string, procedures: ProcedureTree, handlers: Tree, change: ChangeHandler): Tree {
  return Object.fromEntries(
    Object.entries(procedures).map(([name, node]) => {
      const handler = handlers[name];
      if (!isProcedure(node)) return [name, changed(`${prefix}${name}.`, node, handler as Tree, change)];
      if (typeof handler === "function") return [name, change(prefix + name, node, handler as Handler)];
      const marked = handler as { readonly run: Handler };
      return [name, { ...marked, run: change(prefix + name, node, marked.run) }];
    }),
  );
}

/** Counts how often handlers are called, and can block them. */
export class Entries {
  readonly #counts = new Map<string, number>();
  readonly #gates = new Map<string, Gate>();

  /** The app with observed handlers. */
  watching(app: App): App {
    return withHandlers(app, (path, procedure, handler) => (args) => {
      this.note(path);
      const gate = procedure.type === "subscription" ? undefined : this.#gates.get(path);
      if (gate === undefined) return handler(args);
      gate.reached();
      args.ctx.signal.addEventListener("abort", () => gate.leave(), { once: true });
      return gate.opened.then(() => handler(args));
    });
  }

  note(path: string): void {
    this.#counts.set(path, this.of(path) + 1);
  }

  of(path: string): number {
    return this.#counts.get(path) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Resets the counts. */
  forget(): void {
    this.#counts.clear();
  }

  /** Blocks all calls of a procedure that come from now on, inside their transaction if they have one. */
  hold(path: string): HeldHandler {
    const gate = new Gate();
    this.#gates.set(path, gate);
    return {
      entered: gate.entered,
      cancelled: gate.cancelled,
      release: () => {
        this.#gates.delete(path);
        gate.open();
      },
    };
  }
}

/** A blocked handler. */
export interface HeldHandler {
  /** Resolves when the first call is blocked. */
  readonly entered: Promise<void>;
  /** Resolves when the first blocked call is cancelled. */
  readonly cancelled: Promise<void>;
  /** Unblocks all calls. */
  release(): void;
}

class Gate {
  reached!: () => void;
  open!: () => void;
  leave!: () => void;
  readonly entered = new Promise<void>((resolve) => {
    this.reached = resolve;
  });
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
  readonly cancelled = new Promise<void>((resolve) => {
    this.leave = resolve;
  });
}
