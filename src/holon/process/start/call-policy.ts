import { EDGE } from "../../mesh/identity/roster.ts";
import type { MayCall } from "../../pipeline/compiled-procedure.ts";
import { type AppShape, namesOf, type Plan } from "../plan/plan.ts";

/**
 * Which context may call which, from the declared `calls` and nothing else. A subscription to events (`subscribesTo`) gives no right to call. Handlers, jobs,
 * workflows and `ctx.asSystem` of one context have the same rights. The edge may call all contexts, and hides internal procedures.
 */
export function createCallPolicy({ contexts }: Pick<AppShape, "contexts">, guests: readonly string[] = []): MayCall {
  const calls = new Map(contexts.map(({ name, calls: declared }) => [name, new Set(declared)]));
  const free = new Set([EDGE, ...guests]);
  return (caller, context) => free.has(caller) || calls.get(caller)?.has(context) === true;
}

/**
 * The name under which a process itself calls a procedure that is open to the outside, outside of any handler. It is the edge if the process is one or hosts
 * the called context; for a context elsewhere, it is one of the process' contexts that declares the call.
 */
export function createOwnCaller({ contexts }: Pick<AppShape, "contexts">, plan: Plan): (procedure: string) => string {
  const names = namesOf(plan);
  return (procedure) => {
    const called = procedure.slice(0, procedure.indexOf("."));
    if (names.includes(EDGE) || names.includes(called)) return EDGE;
    return contexts.find(({ name, calls }) => names.includes(name) && calls.includes(called))?.name ?? names[0] ?? plan.name;
  };
}
