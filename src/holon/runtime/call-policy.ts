import type { MayCall } from "../context/index.ts";
import type { AppShape } from "../topology/index.ts";
import { EDGE } from "../wire/index.ts";

/**
 * Who may call which context, read from what contexts declare: their `calls`, and nothing else. To hear of events (`subscribesTo`) gives no right
 * to call; handlers, jobs, workflows and `ctx.asSystem` of one context have the same rights. The edge may call all, and hides what is internal.
 */
export function createCallPolicy({ contexts }: Pick<AppShape, "contexts">, guests: readonly string[] = []): MayCall {
  const calls = new Map(contexts.map(({ name, calls: declared }) => [name, new Set(declared)]));
  const free = new Set([EDGE, ...guests]);
  return (caller, context) => free.has(caller) || calls.get(caller)?.has(context) === true;
}
