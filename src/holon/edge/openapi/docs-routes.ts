import type { FastifyInstance } from "fastify";
import { type DocsAssets, openDocsAssets } from "./docs-assets.ts";
import { ASSETS, ASSETS_PATH, DOCS_PATH, DOCS_POLICY, docsPage, PAGE_SCRIPT } from "./docs-page.ts";

/** Adds the interactive page at `/docs`. Its parts are loaded at the first request and cost nothing before. */
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
