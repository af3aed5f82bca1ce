import { catalogueError } from "./holon-error.ts";
import type { Scope } from "./scope.ts";
import { WheelEntry } from "./timer-wheel.ts";

/** Cancels a scope with DEADLINE_EXCEEDED when its time is over, whatever its work waits for. Put it on a wheel, and take it off at the end. */
export class ScopeDeadline extends WheelEntry {
  readonly #scope: Scope;
  readonly #what: string;

  constructor(scope: Scope, what: string) {
    super();
    this.#scope = scope;
    this.#what = what;
  }

  override expire(): void {
    this.#scope.cancel(catalogueError("DEADLINE_EXCEEDED", `${this.#what} did not end within its deadline.`));
  }
}
