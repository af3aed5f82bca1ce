import { type ContractMap, walkProcedures } from "../../contract/index.ts";
import type { ContextModule } from "../../define/define-context.ts";
import type { AppShape, ContextShape } from "../plan/app-shape.ts";
import { queuesOf } from "../start/context-work.ts";
import type { App } from "./define-app.ts";

/** The app as the environment is checked against it: names and needs of the contexts, without their handlers. */
export function shapeOf(app: App): AppShape {
  return {
    name: app.name,
    ...(app.allowedCycles === undefined ? {} : { allowedCycles: app.allowedCycles }),
    contexts: app.contexts.map(toShape),
  };
}

function toShape(module: ContextModule): ContextShape {
  const { name, contract, calls, subscribesTo, tables, jobs, workflows } = module;
  const procedures = [...walkProcedures(contract.procedures)].map(([, procedure]) => procedure);
  const keepsKeys = procedures.some(({ type, idempotent }) => type === "mutation" && idempotent === true);
  return {
    name,
    calls: namesOf(calls),
    subscribesTo: namesOf(subscribesTo),
    hasPublicProcedures: procedures.some(({ access }) => access !== "internal"),
    hasTables:
      tables !== undefined || keepsKeys || [contract.events, jobs, subscribesTo, workflows].some((declared) => Object.keys(declared).length > 0),
    workersCount: queuesOf(module).length,
  };
}

function namesOf(contracts: ContractMap): string[] {
  return Object.values(contracts).map((contract) => contract.name);
}
