import { catalog } from "./context.ts";

/** Products have no owner, so `access` in the contract is the only rule. */
export const rules = catalog.rules({});
