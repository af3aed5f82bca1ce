import type { IncomingMessage } from "node:http";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { CatalogueCode } from "../../kernel/error-catalogue.ts";
import { catalogueError, type HolonError, isHolonError } from "../../kernel/holon-error.ts";
import { readSafely } from "../../kernel/thrown.ts";
import type { Readiness } from "../edge.ts";
import { errorHeader, PROBLEM_TYPE, toProblemJson } from "./error-body.ts";
import type { ErrorBoundary } from "./error-boundary.ts";

const CODES_BY_STATUS: Readonly<Record<number, CatalogueCode>> = {
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_SUPPORTED",
  408: "REQUEST_TIMEOUT",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  429: "TOO_MANY_REQUESTS",
};

/** Answers with problem details for everything that Fastify's own routes, parsers and plugins refuse or throw. `noteUnknown` is called for unknown paths. */
export function addFaultAnswers(
  app: FastifyInstance,
  boundary: ErrorBoundary,
  errorBytes: number,
  noteUnknown: (request: IncomingMessage) => void = () => {},
): void {
  app.setNotFoundHandler((request, reply) => {
    noteUnknown(request.raw);
    sendFault(reply, catalogueError("NOT_FOUND", "There is no route for this method and path."), errorBytes);
  });
  app.setErrorHandler((thrown, request, reply) => sendFault(reply, toFault(thrown, request, boundary), errorBytes));
}

/** Answers one request of Fastify with an error. */
export function sendFault(reply: FastifyReply, error: HolonError, errorBytes: number): void {
  const header = errorHeader(error);
  if (header !== undefined) reply.header(...header);
  reply
    .code(error.status)
    .header("content-type", PROBLEM_TYPE)
    // No cache may keep the answer, because a path that is missing now may exist in a moment.
    .header("cache-control", "no-store")
    // The body is sent as bytes, because Fastify would add a charset to a text, and problem details have none.
    .send(Buffer.from(toProblemJson(error, error.status, errorBytes)));
}

function toFault(thrown: unknown, request: FastifyRequest, boundary: ErrorBoundary): HolonError {
  const status = isHolonError(thrown) ? undefined : readSafely(() => (thrown as Partial<FastifyError> | undefined)?.statusCode, undefined);
  if (typeof status !== "number" || !(status >= 400 && status < 500)) {
    return boundary.toPublic(thrown, { procedure: request.routeOptions.url, traceId: undefined });
  }
  // The message of a library may repeat the input, so it is not sent.
  const code = CODES_BY_STATUS[status] ?? "BAD_REQUEST";
  return catalogueError(code, "The request cannot be read.", { status });
}

/**
 * Adds `/healthz` and `/readyz`. `/healthz` answers as long as the process lives: restart the process if it does not answer. `/readyz` answers 200 if the
 * process can take requests, and 503 if it cannot.
 *
 * The reasons of `/readyz` name internal parts. A public port can leave them out.
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
