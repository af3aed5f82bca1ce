import { assertDistinctRoutes, ContractError } from "../../contract/index.ts";
import type { App } from "./define-app.ts";

/**
 * Checks what the compiler cannot: names and REST routes are unique, and every context that another calls is part of the app.
 *
 * Errors: ContractError, naming the contexts and the cure.
 */
export function assertApp(app: App): void {
  const names = new Set<string>();
  for (const { name } of app.contexts) {
    if (names.has(name)) throw new ContractError(`app "${app.name}"`, `two contexts are named "${name}"`);
    names.add(name);
  }
  assertDistinctRoutes(app.contexts.flatMap(({ contract }) => contract.routes));
  for (const { name, calls } of app.contexts) {
    for (const called of Object.values(calls)) {
      if (called.name === name) throw new ContractError(`context "${name}"`, "a context does not call itself; call the function");
      if (!names.has(called.name))
        throw new ContractError(`context "${name}"`, `it calls "${called.name}", which is not part of the app; add its module to defineApp`);
    }
  }
}
