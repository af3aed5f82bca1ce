import type { AppRoutes } from "holon";
import type { Tokens } from "./tokens.ts";

/** How long others may keep the keys: a new one must be published longer than this before it signs. */
const KEPT_SECONDS = 300;

/** Publishes the keys that tokens are checked with, for services in other languages. Source: RFC 7517. */
export function addKeyRoutes(app: Parameters<AppRoutes>[0], tokens: Tokens): void {
  app.get("/.well-known/jwks.json", async (_request, reply) => {
    reply.header("cache-control", `public, max-age=${KEPT_SECONDS}`);
    return { keys: await tokens.publicKeys() };
  });
}
