import type { FastifyReply } from "fastify";
import { type Content, html } from "./markup.ts";

/** Allows no scripts, and nothing from another host. */
const PAGE_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** A page of the dashboard. */
export interface Page {
  readonly title: string;
  readonly content: Content;
  /** Left out if no user is signed in. */
  readonly navigation?: Content;
  readonly isNarrow?: boolean;
}

/** Sends a page. Browsers and proxies must not store it, because it shows the inside of the app. */
export function sendPage(reply: FastifyReply, status: number, { title, content, navigation, isNarrow = false }: Page): FastifyReply {
  const page = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><link rel="stylesheet" href="/ops/style.css"></head>
<body>${navigation === undefined ? undefined : html`<header>${navigation}</header>`}<main${isNarrow ? html` class="narrow"` : undefined}>${content}</main></body>
</html>
`;
  return reply
    .code(status)
    .header("content-type", "text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .header("content-security-policy", PAGE_POLICY)
    .send(page.text);
}
