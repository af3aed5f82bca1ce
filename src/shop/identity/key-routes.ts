import type { AppRoutes } from "holon";
import type { Tokens } from "./tokens.ts";

/** How long clients may cache the keys. A new key must be published longer than this before tokens are signed with it. */
const KEPT_SECONDS = 300;

/** Publishes the public keys, with which services in other languages check tokens. Source: RFC 7517. */
export function addKeyRoutes(app: Parameters<AppRoutes>[0], tokens: Tokens): void {
  app.get("/.well-known/jwks.json", async (_request, reply) => {
    reply.header("cache-control", `public, max-age=${KEPT_SECONDS}`);
    return { keys: await tokens.publicKeys() };
  });
}
