import type { FastifyInstance } from "fastify";
import type { Readiness } from "../edge-options.ts";

/**
 * Adds `/healthz` (the process lives: restart it if this fails) and `/readyz` (whether to send it requests: 200 or 503).
 *
 * Reasons name internal parts. They can be left out on a public port.
 */
export function addHealthRoutes(app: FastifyInstance, readiness: () => Readiness, options: { readonly showReasons: boolean }): void {
  app.get("/healthz", (_request, reply) => {
    reply.send({ status: "alive" });
  });
  app.get("/readyz", (_request, reply) => {
    const { ready, reasons, degraded = [] } = readiness();
    reply.code(ready ? 200 : 503).send(options.showReasons ? { ready, reasons, degraded } : { ready });
  });
}
