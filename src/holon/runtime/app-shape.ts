import { type ContractMap, walkProcedures } from "../contract/index.ts";
import type { AppShape } from "../topology/index.ts";
import type { App } from "./define-app.ts";

/** What the environment is read against: names and needs of the contexts, without their handlers. */
export function shapeOf(app: App): AppShape {
  return {
    name: app.name,
    ...(app.allowedCycles === undefined ? {} : { allowedCycles: app.allowedCycles }),
    contexts: app.contexts.map(({ name, contract, calls, subscribesTo, tables }) => ({
      name,
      calls: namesOf(calls),
      subscribesTo: namesOf(subscribesTo),
      hasPublicProcedures: [...walkProcedures(contract.procedures)].some(([, procedure]) => procedure.access !== "internal"),
      hasTables: tables !== undefined,
    })),
  };
}

function namesOf(contracts: ContractMap): string[] {
  return Object.values(contracts).map((contract) => contract.name);
}
