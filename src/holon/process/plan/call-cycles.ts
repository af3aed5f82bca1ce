import type { EnvironmentReader } from "./environment-reader.ts";
import type { AppShape } from "./plan.ts";

/** Refuses contexts that call each other in a circle, unless the app lists the circle with a reason. */
export function refuseCallCycles(shape: AppShape, reader: EnvironmentReader): void {
  const allowed = shape.allowedCycles ?? [];
  for (const { contexts, reason } of allowed) {
    if (reason.trim() === "") {
      reader.refuse("allowedCycles", `lists ${contexts.join(", ")} without a reason.`, "Say in defineApp why these contexts may call each other.");
    }
  }
  for (const cycle of callCycles(shape)) {
    if (allowed.some(({ contexts }) => cycle.every((context) => contexts.includes(context)))) continue;
    reader.refuse(
      "allowedCycles",
      `does not list a circle of calls: ${[...cycle, cycle[0]].join(" -> ")}.`,
      "Let one of them emit an event instead of calling, or list the circle in defineApp with the reason why it is right.",
    );
  }
}

/**
 * Finds, for every call that is part of a circle, the shortest circle with this call. Each circle is listed once.
 *
 * A longer circle that consists only of calls in short ones is not listed: an app that allows the short circles has allowed the long one too.
 */
export function callCycles(shape: Pick<AppShape, "contexts">): string[][] {
  const calls = new Map(shape.contexts.map((context) => [context.name, context.calls]));
  const found = new Map<string, string[]>();
  for (const [caller, callees] of calls) {
    for (const callee of callees) {
      const way = shortestWay(calls, callee, caller);
      if (way === undefined) continue;
      const cycle = fromFirstName(way);
      found.set(cycle.join(" "), cycle);
    }
  }
  return [...found.values()];
}

/** Names on a shortest path along the calls, including both ends. */
function shortestWay(calls: ReadonlyMap<string, readonly string[]>, from: string, to: string): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  for (const context of cameFrom.keys()) {
    if (context === to) return wayBack(cameFrom, to);
    for (const callee of calls.get(context) ?? []) {
      if (!cameFrom.has(callee)) cameFrom.set(callee, context);
    }
  }
  return undefined;
}

function wayBack(cameFrom: ReadonlyMap<string, string | undefined>, to: string): string[] {
  const way: string[] = [];
  for (let context: string | undefined = to; context !== undefined; context = cameFrom.get(context)) way.unshift(context);
  return way;
}

/** The same circle, rotated so that it begins with the name that sorts first. */
function fromFirstName(cycle: readonly string[]): string[] {
  const first = cycle.indexOf([...cycle].sort()[0] as string);
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}
