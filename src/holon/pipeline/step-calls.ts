import type { AnyProcedure } from "../contract/index.ts";
import type { CallOptions } from "../define/handler-context.ts";
import { catalogueError, type HolonError, isHolonError } from "../kernel/holon-error.ts";
import { type BoundCall, ContextOrigin } from "./call-tree.ts";
import type { RuntimeContext } from "./runtime-context.ts";

/** The origin of the calls of one attempt of a workflow's step. Its only mutation is sent with the step's key. */
export class StepOrigin extends ContextOrigin {
  readonly #key: string;
  #mutation: string | undefined = undefined;
  #isRefused = false;

  constructor(ctx: RuntimeContext, key: string) {
    super(ctx, ctx.callPrincipal);
    this.#key = key;
  }

  /** Whether the mutation was sent, and did not fail with `executed: "no"`. */
  get mayHaveActed(): boolean {
    return this.#mutation !== undefined && !this.#isRefused;
  }

  /** Sends the mutation of the step. Errors: BAD_REQUEST for a second one. */
  async send(path: string, call: BoundCall, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    if (this.#mutation !== undefined) throw misuse(`calls ${path} after ${this.#mutation}; a step sends one mutation: make it two steps`);
    this.#mutation = path;
    try {
      return await call(this, input, { ...options, key: this.#key });
    } catch (error) {
      this.#isRefused = isHolonError(error) && error.executed === "no";
      throw error;
    }
  }
}

/** Binds a procedure for calls from steps. */
export function bindStepCall(path: string, { type, ...procedure }: AnyProcedure, call: BoundCall): BoundCall {
  if (type === "query") return call;
  if (type === "subscription") return () => Promise.reject(misuse(`subscribes to ${path}; a step can wait for an event by step.waitFor`));
  const isIdempotent = "idempotent" in procedure && procedure.idempotent === true;
  return (origin, input, options) => {
    if (!isIdempotent) return Promise.reject(misuse(`calls ${path}, which is not idempotent; say \`idempotent: true\` in its contract`));
    if (options?.key !== undefined) return Promise.reject(misuse(`gives ${path} a key of its own; a step sends the key of the run`));
    return (origin as StepOrigin).send(path, call, input, options);
  };
}

function misuse(what: string): HolonError {
  return catalogueError("BAD_REQUEST", `A step of a workflow ${what}.`);
}
