import type { FastifyInstance } from "fastify";
import { createAppEdge } from "./create-app-edge.ts";
import type { EdgeOptions } from "./edge-options.ts";
import type { EdgeParts } from "./edge-parts.ts";
import { parseJsonText, RefusedInput } from "./json-input.ts";
import { crossSiteRefusal } from "./same-origin.ts";

/** Lets the app add its routes. What they throw is answered as everything else beside tRPC is. */
export function addAppRoutes(app: FastifyInstance, parts: EdgeParts, options: EdgeOptions): void {
  const { appRoutes, metrics, isProduction = false } = options;
  if (appRoutes === undefined) return;
  app.register(async (scope) => {
    scope.addHook("onRequest", async (request) => {
      const refusal = crossSiteRefusal(request.raw, parts.cors, true);
      if (refusal !== undefined) throw refusal;
    });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
      const parsed = parseJsonText(String(body));
      if (parsed instanceof RefusedInput) done(parsed.error);
      else done(null, parsed);
    });
    await appRoutes(scope, createAppEdge({ parts, metrics, isProduction }));
  });
}
