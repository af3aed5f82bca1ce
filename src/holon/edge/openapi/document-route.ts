import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { isKnownTag } from "../rest/entity-tag.ts";
import type { OpenApiDocument } from "./create-document.ts";

/** The path of the document. */
export const DOCUMENT_PATH = "/openapi.json";

/** The document as a text for answers and files. Its layout lets people compare two versions of it. */
export function documentText(document: OpenApiDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Adds `GET /openapi.json`. Caches keep it, and check each time whether it is still the same. */
export function addDocumentRoute(app: FastifyInstance, document: OpenApiDocument): void {
  const body = Buffer.from(documentText(document));
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  app.get(DOCUMENT_PATH, (request, reply) => {
    reply.header("etag", etag).header("cache-control", "no-cache");
    if (isKnownTag(request.headers["if-none-match"] ?? "", etag)) return reply.code(304).send();
    return reply.header("content-type", "application/json").send(body);
  });
}
