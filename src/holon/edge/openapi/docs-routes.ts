import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import type { FastifyInstance } from "fastify";
import Fastify from "fastify";
import type { Closable } from "../../kernel/lifecycle.ts";
import { isKnownTag } from "../rest/entity-tag.ts";
import type { OpenApiDocument } from "./create-document.ts";

/** The path of the document. */
const DOCUMENT_PATH = "/openapi.json";

/** The path of the page that shows the document. */
const DOCS_PATH = "/docs";

/** The path of the page's scripts and styles. */
const ASSETS_PATH = `${DOCS_PATH}/assets`;

/** The page's other files. All are from the package `@fastify/swagger-ui`. */
const ASSETS: readonly string[] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/**
 * The page loads nothing from another host and sends nothing there. Inline styles are allowed, because the viewer sets styles on its elements. Scripts
 * are in files only.
 */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/** The text of an OpenAPI document, for answers and files. The text is indented, so that people can compare two versions of a document. */
export function documentText(document: OpenApiDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Adds `GET /openapi.json`. Caches may keep the document, but check each time whether it is still the same. */
export function addDocumentRoute(app: FastifyInstance, document: OpenApiDocument): void {
  const body = Buffer.from(documentText(document));
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  app.get(DOCUMENT_PATH, (request, reply) => {
    reply.header("etag", etag).header("cache-control", "no-cache");
    if (isKnownTag(request.headers["if-none-match"] ?? "", etag)) return reply.code(304).send();
    return reply.header("content-type", "application/json").send(body);
  });
}

/** Adds the interactive page at `/docs`. Its files are opened at the first request for one of them, and cost nothing until then. */
export function addDocsRoutes(app: FastifyInstance, title: string): void {
  const page = docsPage(title);
  let assets: Promise<DocsAssets> | undefined;
  const opened = (): Promise<DocsAssets> => {
    assets ??= openDocsAssets();
    return assets;
  };
  for (const url of [DOCS_PATH, `${DOCS_PATH}/`]) {
    app.get(url, (_request, reply) => {
      reply
        .header("content-type", "text/html; charset=utf-8")
        .header("content-security-policy", DOCS_POLICY)
        .header("cache-control", "no-cache")
        .send(page);
    });
  }
  app.get(`${DOCS_PATH}/page.js`, (_request, reply) => {
    reply.header("content-type", "text/javascript; charset=utf-8").header("cache-control", "no-cache").send(PAGE_SCRIPT);
  });
  for (const file of ASSETS) {
    app.get(`${ASSETS_PATH}/${file}`, async (request, reply) => {
      const ready = await opened();
      reply.hijack();
      ready.answer(request.raw, reply.raw);
      return reply;
    });
  }
  app.addHook("onClose", async () => {
    await (await assets?.catch(() => undefined))?.close();
  });
}

/** The HTML of the page. It shows the document of this process. */
function docsPage(title: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>
<link rel="icon" type="image/png" href="${ASSETS_PATH}/favicon-32x32.png"><link rel="stylesheet" href="${ASSETS_PATH}/swagger-ui.css"></head>
<body><div id="docs"></div><script src="${ASSETS_PATH}/swagger-ui-bundle.js"></script><script src="${DOCS_PATH}/page.js"></script></body>
</html>
`;
}

/** Starts the viewer. Without `validatorUrl: null` the viewer would send the document to a validator on its makers' server. */
const PAGE_SCRIPT = `SwaggerUIBundle({
  url: "${DOCUMENT_PATH}",
  dom_id: "#docs",
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
  deepLinking: true,
  displayOperationId: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
});
`;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** The files of the page, ready to be sent. */
interface DocsAssets extends Closable {
  answer(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/** Opens the viewer's files. A second Fastify server inside ours reads them from their package, because routes cannot be added after a port is open. */
async function openDocsAssets(): Promise<DocsAssets> {
  const { default: fastifyStatic } = await import("@fastify/static");
  const viewer = path.dirname(createRequire(import.meta.url).resolve("@fastify/swagger-ui/package.json"));
  const app = Fastify({ return503OnClosing: false });
  await app.register(fastifyStatic, {
    root: path.join(viewer, "static"),
    prefix: ASSETS_PATH,
    index: false,
    decorateReply: false,
    maxAge: "1h",
  });
  await app.ready();
  return { answer: (request, response) => app.routing(request, response), close: () => app.close() };
}
