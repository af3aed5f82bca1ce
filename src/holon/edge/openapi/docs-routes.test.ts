import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EdgeUnderTest, openEdge } from "../edge.testing.ts";
import { send } from "../http.testing.ts";
import { createOpenApiDocument } from "./create-document.ts";
import { addDocsRoutes, addDocumentRoute, documentText } from "./docs-routes.ts";

const document = createOpenApiDocument({ title: "<Things> & more", version: "1.0.0" }, []);

describe("the documents of an edge", () => {
  let open: EdgeUnderTest;
  beforeAll(async () => {
    open = await openEdge({
      toolkitRoutes: (app) => {
        addDocumentRoute(app, document);
        addDocsRoutes(app, document.info.title);
      },
    });
  });
  afterAll(() => open.close());

  it("are answered as JSON that caches may keep and must ask about", async () => {
    const { status, headers, body } = await send(open.url, { path: "/openapi.json" });
    expect({ status, body }).toEqual({ status: 200, body: documentText(document) });
    expect(headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-cache", "x-content-type-options": "nosniff" });
  });

  it.each([
    ["its tag", (tag: string) => tag],
    ["the tag as a proxy weakens it", (tag: string) => `W/${tag}`],
    ["its tag among others", (tag: string) => `"other", ${tag}`],
    ["any tag", () => "*"],
  ])("are not sent again to who has them: %s", async (_what, header) => {
    const { etag = "" } = (await send(open.url, { path: "/openapi.json" })).headers;
    const { status, headers, body } = await send(open.url, { path: "/openapi.json", headers: { "if-none-match": header(etag) } });
    expect({ status, body, etag: headers.etag }).toEqual({ status: 304, body: "", etag });
  });

  it("are sent to a client that has another version, and their headers to HEAD", async () => {
    expect((await send(open.url, { path: "/openapi.json", headers: { "if-none-match": '"other"' } })).status).toBe(200);
    const head = await send(open.url, { method: "HEAD", path: "/openapi.json" });
    expect([head.status, head.body, head.headers["content-length"]]).toEqual([200, "", String(Buffer.byteLength(documentText(document)))]);
  });

  it.each(["/docs", "/docs/"])("have a page that runs what is here alone: %s", async (path) => {
    const { status, headers, body } = await send(open.url, { path });
    expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type: "text/html; charset=utf-8" });
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(body).toContain("<title>&lt;Things> &amp; more</title>");
    const links = [...body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link as string);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect([link, (await send(open.url, { path: link })).status]).toEqual([link, 200]);
  });

  it.each([
    "/docs/assets/swagger-ui.js",
    "/docs/assets/index.html",
    "/docs/assets/..%2fpackage.json",
    "/docs/assets/../package.json",
    "/docs/assets/",
  ])("answer nothing else of the viewer's package: %s", async (path) => {
    expect((await send(open.url, { path })).status).toBe(404);
  });
});
