import type { FastifyReply } from "fastify";

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

/** Text that is already HTML. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The values that a template accepts. */
export type Content = Markup | string | number | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** HTML from a template. Every value is escaped unless it is markup, because names and reasons may come from an attacker. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, index) => part + render(values[index])).join(""));
}

function render(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(render).join("");
  return String(content).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** The style of our own pages: system fonts, light and dark, usable on a phone. */
export const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d8dde5, #39414d); --soft: light-dark(#5b6675, #9aa5b4); --back: light-dark(#f6f7f9, #14181d);
  --card: light-dark(#fff, #1c2128); --ink: light-dark(#1a2029, #e6eaf0); --accent: light-dark(#1f5fbf, #7fb0ff); --bad: light-dark(#b3261e, #ff9a92); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; padding: .75rem 1.5rem; background: var(--card); border-bottom: 1px solid var(--line); }
header strong { margin-right: auto; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem; }
main.narrow { max-width: 28rem; padding-top: 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
a { color: var(--accent); }
p.soft, .soft { color: var(--soft); }
.bad { color: var(--bad); font-weight: 600; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .75rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-size: .85rem; font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; }
td { white-space: nowrap; }
td.id { font-family: ui-monospace, monospace; font-size: .75rem; line-height: 2; }
td.reason { width: 50%; min-width: 16rem; white-space: normal; overflow-wrap: anywhere; }
form.inline { display: inline-block; margin: 0 .25rem .25rem 0; }
form.card { padding: 1.25rem; margin-bottom: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
label { display: block; margin-bottom: .75rem; font-weight: 600; }
input { display: block; width: 100%; margin-top: .25rem; padding: .5rem .6rem; font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line); border-radius: .35rem; }
button { padding: .35rem .8rem; font: inherit; color: var(--accent); background: transparent; border: 1px solid currentcolor; border-radius: .35rem; cursor: pointer; white-space: nowrap; }
form.card button { color: light-dark(#fff, #10151b); background: var(--accent); border-color: transparent; }
[role=status], [role=alert] { padding: .6rem 1rem; border: 1px solid var(--line); border-left: .3rem solid var(--accent); border-radius: .35rem; background: var(--card); }
[role=alert] { border-left-color: var(--bad); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;
