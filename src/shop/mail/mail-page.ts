import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { MailSink, ReceivedMail } from "./mail-sink.ts";

/** The most mails that the HTML page shows. */
const SHOWN = 200;

/** The page of a mail sink. */
export interface MailPage {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Shows the mails of a sink on a port of this machine: `/mail` for people, `/mail.json` for programs.
 *
 * Errors: EADDRINUSE and the like. `port` 0 takes a free one.
 */
export async function createMailPage(sink: Pick<MailSink, "mails" | "since">, port: number): Promise<MailPage> {
  const server = createServer(({ url }, response) => {
    if (url === "/mail.json") return answer(response, 200, "application/json", JSON.stringify({ since: sink.since, mails: sink.mails() }));
    if (url === "/" || url === "/mail") return answer(response, 200, "text/html; charset=utf-8", renderPage(sink.mails()));
    answer(response, 404, "text/plain", "There is /mail and /mail.json.\n");
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mail`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  const headers = {
    "content-type": type,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
  };
  response.writeHead(status, headers).end(body);
}

function renderPage(mails: readonly ReceivedMail[]): string {
  const shown = mails.slice(0, SHOWN).map(renderMail).join("");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Mail</title><meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem}article{border-top:1px solid #ccc;padding:1rem 0}h2{font-size:1rem;margin:0}pre{white-space:pre-wrap;font:inherit}small{color:#555}</style>
<h1>${mails.length} mails</h1><p>The development mail server took these and sent none of them on. ${mails.length > SHOWN ? `The newest ${SHOWN} are shown.` : ""}</p>
${shown}</html>`;
}

function renderMail({ messageId, to, subject, text, receivedAt }: ReceivedMail): string {
  return `<article><h2>${escaped(subject)}</h2><small>to ${escaped(to)} · ${escaped(receivedAt)} · ${escaped(messageId)}</small><pre>${escaped(text)}</pre></article>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
