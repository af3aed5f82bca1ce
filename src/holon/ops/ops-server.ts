import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import type { Readiness } from "../edge/edge.ts";
import { ErrorBoundary } from "../edge/http/error-boundary.ts";
import { addFaultAnswers, addHealthRoutes } from "../edge/http/fastify-answers.ts";
import { SecurityHeaders } from "../edge/http/public-headers.ts";
import type { Logger } from "../kernel/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import { addDashboard } from "./dashboard/add-dashboard.ts";
import type { DashboardDeps } from "./dashboard/dashboard-deps.ts";

const ERROR_BYTES = 16 * 1024;

interface OpsServerDeps {
  /** Loopback by default: the operations port is not for the public. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly metrics: Metrics;
  readonly readiness: () => Readiness;
  readonly log: Logger;
  /** Adds the dashboard below `/ops`, for admins. */
  readonly dashboard?: DashboardDeps | undefined;
}

/** The port for the operators of the app. */
export interface OpsServer {
  readonly port: number;
  readonly url: string;
  /** Stops listening and closes its connections at once: it does not wait for scrapes. */
  close(): Promise<void>;
}

/** Opens the operations port: `/metrics`, `/healthz`, `/readyz` with reasons, and the dashboard. */
export async function createOpsServer(deps: OpsServerDeps): Promise<OpsServer> {
  const { host = "127.0.0.1", port, metrics, readiness, log, dashboard } = deps;
  const app = Fastify({ forceCloseConnections: true, return503OnClosing: false });
  // Operators often come by http through a tunnel, so nothing here may force their browsers to use https.
  const security = new SecurityHeaders({ isProduction: false });
  app.addHook("onRequest", (_request, reply, done) => {
    security.setOn(reply.raw);
    done();
  });
  addFaultAnswers(app, new ErrorBoundary(log, randomUUID), ERROR_BYTES);
  addHealthRoutes(app, readiness, { showReasons: true });
  app.get("/metrics", async (_request, reply) => reply.header("content-type", metrics.contentType).send(await metrics.text()));
  if (dashboard !== undefined) await addDashboard(app, dashboard, log);
  try {
    await app.listen({ host, port });
  } catch (fault) {
    await app.close();
    throw fault;
  }
  const address = app.server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { port: address.port, url: `http://${name}:${address.port}`, close: () => app.close() };
}
