import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import Fastify from "fastify";
import type { Closable } from "../../kernel/lifecycle.ts";
import { ASSETS_PATH } from "./docs-page.ts";

/** The files of the page, ready to be sent. */
export interface DocsAssets extends Closable {
  answer(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/** Opens the viewer's files. A second Fastify server inside ours reads them from their package, because routes cannot be added after a port is open. */
export async function openDocsAssets(): Promise<DocsAssets> {
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
