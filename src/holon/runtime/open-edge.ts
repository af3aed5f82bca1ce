import type { FastifyInstance } from "fastify";
import { addDocsRoutes, addDocumentRoute, createEdge, type Edge, type Readiness } from "../edge/index.ts";
import { ANONYMOUS } from "../kernel/index.ts";
import type { Plan } from "../topology/index.ts";
import type { App } from "./define-app.ts";
import { openApiOf } from "./open-api-of.ts";
import type { Core } from "./open-core.ts";
import { targetsOf } from "./routing.ts";

/** Opens the public port, for all contexts that are hosted here or have an address. */
export function openEdge(app: App, core: Core, readiness: () => Readiness): Promise<Edge> {
  const { plan, contracts, resolve, callMetrics, clock, wheel, log, newId } = core;
  const { authenticate } = app;
  const { host = "127.0.0.1", port = 0 } = plan.edge ?? {};
  const reachable = contracts.filter(({ name }) => plan.contexts.includes(name) || plan.addresses[name] !== undefined);
  return createEdge({
    targets: targetsOf(reachable, resolve),
    restRoutes: reachable.flatMap(({ routes }) => routes),
    authenticate: async (request) => (await authenticate?.(request)) ?? ANONYMOUS,
    limits: plan.limits,
    ...{ clock, wheel, log, newId, host, port, readiness },
    metrics: callMetrics,
    isProduction: plan.production,
    trustedProxies: plan.trustedProxies,
    cors: { origins: plan.corsOrigins },
    register: (server) => addDocs(server, app, plan),
  });
}

/** An edge without contexts has the contracts of all, so the document is the same whatever runs where. */
function addDocs(server: FastifyInstance, app: App, { docs }: Plan): void {
  if (docs === "off") return;
  const document = openApiOf(app);
  addDocumentRoute(server, document);
  if (docs === "page") addDocsRoutes(server, document.info.title);
}
