import { readFileSync } from "node:fs";
import path from "node:path";
import fastifyStatic from "@fastify/static";
import type { AppRoutes } from "holon";

type App = Parameters<AppRoutes>[0];

/** The path of the shop's pages; all other paths belong to the API. */
export const STOREFRONT_BASE = "/shop/";

/** A file whose name changes with its content may be cached for a year. */
const ASSET_SECONDS = 365 * 24 * 60 * 60;

/**
 * A page of the shop may load only its own files and call only its own API. Inline scripts and styles are forbidden, so text that is injected into a
 * page cannot run.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "manifest-src 'self'"],
  ...["base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"],
].join("; ");

/**
 * Serves the storefront that was built into `folder`: its files below `/shop/assets/`, and its one page for every other path below `/shop/`.
 *
 * The browser decides which page a path shows. `/` redirects to `/shop/`. Errors: ENOENT if the folder has no build.
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

/** A missing script or picture must be a 404, not a page. */
function takesPages(accept: string | undefined): boolean {
  return accept === undefined || /text\/html|\*\/\*/.test(accept);
}
