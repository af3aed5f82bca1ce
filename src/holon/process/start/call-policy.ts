import { EDGE } from "../../mesh/identity/index.ts";
import type { MayCall } from "../../pipeline/index.ts";
import { type AppShape, namesOf, type Plan } from "../plan/index.ts";

/**
 * Who may call which context, read from what contexts declare: their `calls`, and nothing else. To hear of events (`subscribesTo`) gives no right
 * to call; handlers, jobs, workflows and `ctx.asSystem` of one context have the same rights. The edge may call all, and hides what is internal.
 */
export function createCallPolicy({ contexts }: Pick<AppShape, "contexts">, guests: readonly string[] = []): MayCall {
  const calls = new Map(contexts.map(({ name, calls: declared }) => [name, new Set(declared)]));
  const free = new Set([EDGE, ...guests]);
  return (caller, context) => free.has(caller) || calls.get(caller)?.has(context) === true;
}

/**
 * In whose name a process calls a procedure that is open to the outside, where no handler of its contexts does: as the edge that it is, or as its
 * own door to what it hosts; for a context elsewhere, as one of its contexts that declares the call.
 */
export function createOwnCaller({ contexts }: Pick<AppShape, "contexts">, plan: Plan): (procedure: string) => string {
  const names = namesOf(plan);
  return (procedure) => {
    const called = procedure.slice(0, procedure.indexOf("."));
    if (names.includes(EDGE) || names.includes(called)) return EDGE;
    return contexts.find(({ name, calls }) => names.includes(name) && calls.includes(called))?.name ?? names[0] ?? plan.name;
  };
}
