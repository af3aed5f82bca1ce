import type { HolonError, Scope, ScopeLink } from "../../kernel/index.ts";

/**
 * Passes on that the scope above was cancelled: a link hangs on one scope only, and a call ends both when its own scope is cancelled and when
 * that of the work which made it is.
 */
export class ParentLink implements ScopeLink {
  previousLink: ScopeLink | undefined = undefined;
  nextLink: ScopeLink | undefined = undefined;
  readonly #parent: Scope;
  readonly #call: ScopeLink;

  constructor(parent: Scope, call: ScopeLink) {
    this.#parent = parent;
    this.#call = call;
    parent.link(this);
  }

  scopeCancelled(reason: HolonError): void {
    this.#call.scopeCancelled(reason);
  }

  unlink(): void {
    this.#parent.unlink(this);
  }
}
