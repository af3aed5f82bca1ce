import type { FastifyRequest } from "fastify";

/**
 * Whether a request that changes something comes from our own pages, as only a browser can say.
 *
 * A browser sends one of the two headers with every such request; without both nobody knows whose page it was.
 */
export function isSameOrigin({ headers }: FastifyRequest): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const { origin, host } = headers;
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}
