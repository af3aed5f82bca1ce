import type { FastifyInstance } from "fastify";
import type { EdgeOptions } from "../edge-options.ts";
import type { EdgeParts } from "../edge-parts.ts";
import { parseJsonText, RefusedInput, unicodeRefusal } from "../http/json-input.ts";
import { crossSiteRefusal } from "../http/origin-policy.ts";
import { notUtf8, utf8Text } from "../http/request-text.ts";
import { createAppEdge } from "./create-app-edge.ts";

/** Lets the app add its routes. Errors that they throw are answered like any other error outside of tRPC. */
export function addAppRoutes(app: FastifyInstance, parts: EdgeParts, options: EdgeOptions): void {
  const { appRoutes, metrics, isProduction = false } = options;
  if (appRoutes === undefined) return;
  app.register(async (scope) => {
    scope.addHook("onRequest", async (request) => {
      const refusal = crossSiteRefusal(request.raw, parts.cors, true);
      if (refusal !== undefined) throw refusal;
    });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
      const text = utf8Text(body as Buffer);
      if (text === undefined) return done(notUtf8("The body", ""));
      const parsed = parseJsonText(text);
      const refusal = parsed instanceof RefusedInput ? parsed.error : unicodeRefusal(parsed);
      if (refusal === undefined) done(null, parsed);
      else done(refusal);
    });
    await appRoutes(scope, createAppEdge({ parts, metrics, isProduction }));
  });
}
