import { catalogueError, type Scope, WheelEntry } from "../../kernel/index.ts";

/** Cancels a scope at its deadline. */
export class ScopeTimeout extends WheelEntry {
  readonly #scope: Scope;
  readonly #message: string;

  constructor(scope: Scope, message: string) {
    super();
    this.#scope = scope;
    this.#message = message;
  }

  override expire(): void {
    this.#scope.cancel(catalogueError("DEADLINE_EXCEEDED", this.#message));
  }
}
