import type { FastifyInstance } from "fastify";
import type { Readiness } from "../edge-options.ts";

/**
 * Adds `/healthz` (the process lives: restart it when this fails) and `/readyz` (send it work, or not: 200 or 503).
 *
 * Reasons name parts of the inside; where the port is public they can be left out.
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
