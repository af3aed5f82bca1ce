import type { FastifyInstance, FastifyReply } from "fastify";
import { errorRow, type HolonError } from "../kernel/index.ts";
import { createAppEdge } from "./create-app-edge.ts";
import type { EdgeOptions } from "./edge-options.ts";
import type { EdgeParts } from "./edge-parts.ts";
import { errorHeader } from "./error-header.ts";
import { toFault } from "./fastify-faults.ts";
import { parseJsonText, RefusedInput } from "./json-input.ts";
import { crossSiteRefusal } from "./same-origin.ts";

/** Lets the app add its routes. */
export function addAppRoutes(app: FastifyInstance, parts: EdgeParts, options: EdgeOptions): void {
  const { routes, metrics, isProduction = false } = options;
  if (routes === undefined) return;
  const { errorBytes } = parts.limits;
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
    scope.setErrorHandler((thrown, request, reply) => sendRefusal(reply, toFault(thrown, request, parts.boundary), errorBytes));
    await routes(scope, createAppEdge({ parts, metrics, isProduction }));
  });
}

function sendRefusal(reply: FastifyReply, error: HolonError, errorBytes: number): void {
  const { code, message, details } = error;
  const whole = JSON.stringify({ code, message, details });
  const text = Buffer.byteLength(whole) <= errorBytes ? whole : JSON.stringify({ code, message: errorRow(code).meaning });
  const header = errorHeader(error);
  if (header !== undefined) reply.header(...header);
  reply.code(error.status).header("content-type", "application/json").header("cache-control", "no-store").send(text);
}
