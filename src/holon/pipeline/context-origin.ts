import type { Principal } from "../kernel/principal.ts";
import type { Scope } from "../kernel/scope.ts";
import type { CallOrigin } from "./call-origin.ts";

/** The origin of calls that are made from a handler's context for a given principal. */
export class ContextOrigin implements CallOrigin {
  readonly callPrincipal: Principal;
  readonly #ctx: CallOrigin;

  constructor(ctx: CallOrigin, principal: Principal) {
    this.#ctx = ctx;
    this.callPrincipal = principal;
  }

  get scope(): Scope {
    return this.#ctx.scope;
  }

  get contextName(): string {
    return this.#ctx.contextName;
  }

  get insideTransaction(): boolean {
    return this.#ctx.insideTransaction;
  }

  get monotonicMs(): () => number {
    return this.#ctx.monotonicMs;
  }
}
