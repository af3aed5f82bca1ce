import type { Target } from "../../src/holon/contract/index.ts";
import type { CallMetrics } from "../../src/holon/observe/call-metrics.ts";
import type { ResolveTarget } from "../../src/holon/pipeline/index.ts";
import type { BenchClient, LocalContender } from "../contender.ts";
import { compileCatalog, createServices } from "./app.ts";
import { Requests } from "./requests.ts";

/** A request is made once in so many calls: measured is the call. */
const CALLS_COUNT = 1_000;

/** Two compiled contexts of one process, the handler of one calling the other through `ctx.call`. */
export const holonLocal: LocalContender = { start };

/** The client, and what it counts. */
export async function start(): Promise<BenchClient & { readonly metrics: CallMetrics }> {
  const services = createServices();
  const { targets } = compileCatalog(services);
  const resolve: ResolveTarget = (_contextName, path) => targets.get(path) as Target;
  const requests = new Requests({ services, resolve, callsCount: CALLS_COUNT });
  return {
    metrics: services.metrics,
    begin: () => requests.begin(),
    get: (id) => requests.get(id),
    close: async () => requests.end(),
  };
}
