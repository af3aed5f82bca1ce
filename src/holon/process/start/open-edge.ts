import type { FastifyInstance } from "fastify";
import { createEdge } from "../../edge/create-edge.ts";
import type { Edge, Readiness } from "../../edge/edge.ts";
import type { EdgeRequest } from "../../edge/http/edge-request.ts";
import { addDocsRoutes, addDocumentRoute } from "../../edge/openapi/docs-routes.ts";
import type { RateStore } from "../../edge/rates/rate-counter.ts";
import { openRedisRateStore } from "../../edge/rates/redis-rate-store.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { OpenThings } from "../../kernel/lifecycle.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import { type App, type AskApp, type Authenticate, openApiOf } from "../app/define-app.ts";
import type { Plan } from "../plan/plan.ts";
import type { Core } from "./open-core.ts";
import { reachableOf, targetsOf } from "./routing.ts";

/** Opens the public port, for all contexts that are hosted here or have an address. */
export function openEdge(app: App, core: Core, readiness: () => Readiness, rateStore: RateStore | undefined): Promise<Edge> {
  const { plan, resolve, callMetrics, clock, timers, log, newId } = core;
  const { authenticate, routes } = app;
  const { host = "127.0.0.1", port = 0 } = plan.edge ?? {};
  const reachable = reachableOf(core);
  return createEdge({
    targets: targetsOf(reachable, resolve),
    restRoutes: reachable.flatMap((contract) => contract.routes),
    authenticate: edgeAuthenticate(authenticate, askOf(core)),
    ...(routes === undefined ? {} : { appRoutes: routes }),
    limits: plan.limits,
    ...{ clock, timers, log, newId, host, port, readiness },
    metrics: callMetrics,
    isProduction: plan.production,
    trustedProxies: plan.trustedProxies,
    cors: { origins: plan.corsOrigins },
    rateStore,
    toolkitRoutes: (server) => addDocs(server, app, plan),
  });
}

/** With Redis, several edges count rates together; these counts may be lost at any time. */
export async function openRateStore({ plan, clock, timers, log, random }: Core, open: OpenThings): Promise<RateStore | undefined> {
  if (plan.edge === undefined || plan.redisUrl === undefined) return undefined;
  return open.add("rate store", await openRedisRateStore(plan.redisUrl, plan.queuePrefix, { clock, timers, log, random }));
}

/** Every process has the contracts of all contexts, even an edge without contexts. So the document is the same in every process. */
function addDocs(server: FastifyInstance, app: App, { docs }: Plan): void {
  if (docs === "off") return;
  const document = openApiOf(app);
  addDocumentRoute(server, document);
  if (docs === "page") addDocsRoutes(server, document.info.title);
}

/** Calls, as an anonymous caller, procedures that can be called from outside. Errors: UNAVAILABLE for a procedure that this process does not reach. */
export function askOf(core: Core): AskApp {
  const { plan, resolve, clock, callerFor } = core;
  const targets = targetsOf(reachableOf(core), resolve);
  return async (procedure, input) => {
    const target = targets.get(procedure);
    if (target === undefined || target.procedure.access === "internal")
      throw catalogueError("UNAVAILABLE", `${procedure} cannot be called from this process.`);
    const caller = callerFor(procedure);
    return target.invoke(Scope.root({ principal: ANONYMOUS, caller, deadlineAtMs: clock.monotonicMs() + plan.limits.deadlineMs }), input);
  };
}

/** The principal that the app's `authenticate` returns, or the anonymous one. It waits only if the answer is a promise: most tokens are known at once. */
export function edgeAuthenticate(authenticate: Authenticate | undefined, ask: AskApp): (request: EdgeRequest) => Principal | Promise<Principal> {
  if (authenticate === undefined) return () => ANONYMOUS;
  return (request) => {
    const answer = authenticate(request, ask);
    return answer instanceof Promise ? answer.then((principal) => principal ?? ANONYMOUS) : (answer ?? ANONYMOUS);
  };
}
