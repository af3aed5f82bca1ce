import type { Target } from "../../src/holon/contract/index.ts";
import type { CallMetrics } from "../../src/holon/observe/call-metrics.ts";
import type { ResolveTarget } from "../../src/holon/pipeline/context-runtime.ts";
import type { BenchClient, LocalContender } from "../contender.ts";
import { compileCatalog, createServices } from "./app.ts";
import { Requests } from "./requests.ts";

/** Calls of one request. The number is large, because the call is measured, not the request. */
const CALLS_COUNT = 1_000;

/** Two compiled contexts in one process: the handler of one calls the other through `ctx.call`. */
export const holonLocal: LocalContender = { start };

/** Starts the client. `metrics` counts its calls. */
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
