import { readFileSync } from "node:fs";
import path from "node:path";
import fastifyStatic from "@fastify/static";
import type { AppRoutes } from "holon";

type App = Parameters<AppRoutes>[0];

/** Where the shop's pages lie; the API has the rest of the addresses. */
export const STOREFRONT_BASE = "/shop/";

/** A file whose name changes with its content is good for as long as a browser keeps it. */
const ASSET_SECONDS = 365 * 24 * 60 * 60;

/**
 * What a page of the shop may load and do: its own files and its own API. No script or style stands in the page itself, so whatever text gets into it runs nothing.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "manifest-src 'self'"],
  ...["base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"],
].join("; ");

/**
 * Serves a storefront that was built into `folder`: its files below `/shop/assets/`, and its one page for every other address below `/shop/`.
 *
 * Which page an address means is decided in the browser. `/` leads there. Errors: ENOENT where nothing was built into the folder.
 */
export async function addStorefrontRoutes(app: App, folder: string): Promise<void> {
  const page = readFileSync(path.join(folder, "index.html"));
  await app.register(fastifyStatic, {
    root: path.resolve(folder, "assets"),
    prefix: `${STOREFRONT_BASE}assets/`,
    decorateReply: false,
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: ASSET_SECONDS * 1_000,
  });
  app.get("/", (_request, reply) => reply.redirect(STOREFRONT_BASE));
  for (const url of ["/shop", `${STOREFRONT_BASE}*`]) {
    app.get(url, (request, reply) => {
      if (!takesPages(request.headers.accept)) return reply.callNotFound();
      return reply
        .header("content-security-policy", CONTENT_SECURITY_POLICY)
        .header("cache-control", "no-cache")
        .header("vary", "accept")
        .type("text/html; charset=utf-8")
        .send(page);
    });
  }
}

/** A script or picture that is missing must not be answered with a page. */
function takesPages(accept: string | undefined): boolean {
  return accept === undefined || /text\/html|\*\/\*/.test(accept);
}
