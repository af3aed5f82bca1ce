import type { HolonError } from "../../kernel/holon-error.ts";
import type { Scope, ScopeLink } from "../../kernel/scope.ts";

/**
 * Ends a call when the scope of the work that made it is cancelled. A {@link ScopeLink} belongs to one scope, so a call has one link for its own
 * scope and this one for the parent.
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
