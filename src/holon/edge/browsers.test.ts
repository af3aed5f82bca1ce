import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, mutation, query } from "../contract/index.ts";
import { type EdgeUnderTest, HandTarget, openEdge } from "./edge.testing.ts";
import { get, post, type RawAnswer, send, sendBytes } from "./http.testing.ts";

const SHOP = "https://shop.test";
const shop = contract("shop", {
  procedures: {
    get: query({ access: "public", output: z.string(), rest: "GET /shop" }),
    touch: mutation({ access: "public", output: z.string(), rest: "DELETE /shop" }),
  },
});

let server: EdgeUnderTest;
let production: EdgeUnderTest;
beforeAll(async () => {
  const routes: Parameters<typeof openEdge>[0] = {
    cors: { origins: [SHOP] },
    more: [new HandTarget("shop.get", shop.procedures.get, () => "got"), new HandTarget("shop.touch", shop.procedures.touch, () => "touched")],
    restRoutes: shop.routes,
    toolkitRoutes: (app) => {
      app.get("/page", (_request, reply) => reply.type("text/html").send("<p>page</p>"));
      app.get("/own", (_request, reply) => reply.header("content-security-policy", "default-src 'none'").send("own"));
    },
    appRoutes: (app) => {
      app.post("/auth/sign-in", () => ({ signed: "in" }));
      app.post("/auth/hook", () => ({ hook: true }));
    },
  };
  server = await openEdge(routes);
  production = await openEdge({ ...routes, isProduction: true });
});
afterAll(() => Promise.all([server.close(), production.close()]));

const everyAnswer: [name: string, ask: (url: string) => Promise<RawAnswer>][] = [
  ["a result", (url) => get(url, "catalog.nothing")],
  ["a batch", (url) => get(url, "catalog.nothing,catalog.nope?batch=1")],
  ["a streamed batch", (url) => get(url, "catalog.nothing?batch=1", undefined, { "trpc-accept": "application/jsonl" })],
  ["a subscription", (url) => get(url, "catalog.prices", { count: 1 })],
  ["an error", (url) => get(url, "catalog.nope")],
  ["HEAD", (url) => send(url, { method: "HEAD", path: "/trpc/catalog.nothing" })],
  [
    "a preflight",
    (url) => send(url, { method: "OPTIONS", path: "/trpc/catalog.touch", headers: { origin: SHOP, "access-control-request-method": "POST" } }),
  ],
  ["a refused form", (url) => post(url, "catalog.touch", "", { cookie: "a=b" })],
  ["a REST answer", (url) => send(url, { path: "/shop" })],
  ["a REST problem", (url) => send(url, { method: "PUT", path: "/shop" })],
  ["a refused REST request", (url) => send(url, { method: "DELETE", path: "/shop", headers: cookie })],
  ["health", (url) => send(url, { path: "/healthz" })],
  ["a page", (url) => send(url, { path: "/page" })],
  ["nothing", (url) => send(url, { path: "/nowhere" })],
];

describe("every answer", () => {
  it.each(everyAnswer)("has the security headers: %s", async (_name, ask) => {
    const { headers } = await ask(server.url);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": expect.stringMatching(/^default-src '(none|self)';.*frame-ancestors 'none'$/),
    });
    expect(headers).not.toHaveProperty("strict-transport-security");
    expect((await ask(production.url)).headers["strict-transport-security"]).toBe("max-age=31536000");
  });

  it("has them when the bytes never became a request", async () => {
    const text = await sendBytes(production.url, "\x16\x03\x01\x02\x00\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 400 [\s\S]*\r\nx-content-type-options: nosniff\r\n[\s\S]*strict-transport-security: max-age[\s\S]*\r\n\r\n\{/);
  });

  it("may set others when the answer is a page", async () => {
    expect((await send(server.url, { path: "/own" })).headers["content-security-policy"]).toBe("default-src 'none'");
    expect((await send(server.url, { path: "/page" })).headers["content-security-policy"]).toContain("default-src 'self'");
    expect((await get(server.url, "catalog.nothing")).headers["content-security-policy"]).toBe("default-src 'none'; frame-ancestors 'none'");
  });
});

const own = { "sec-fetch-site": "same-origin" };
const other = { "sec-fetch-site": "cross-site" };
const cookie = { cookie: "session=s" };

describe("a request that changes something", () => {
  const host = () => new URL(server.url).host;

  it.each<[name: string, headers: Record<string, string>, status: number]>([
    ["without cookies", {}, 200],
    ["without cookies by a page of another site, which cannot read the answer", { ...other, origin: "https://evil.test" }, 200],
    ["with cookies by a page of ours", { ...cookie, ...own }, 200],
    ["with cookies by the user himself", { ...cookie, "sec-fetch-site": "none" }, 200],
    ["with cookies and a bearer token", { ...cookie, ...other, authorization: "Bearer t" }, 200],
    ["with cookies by a page of an origin that may call", { ...cookie, ...other, origin: SHOP }, 200],
    ["with cookies by a page of another site", { ...cookie, ...other }, 403],
    ["with cookies by a page of a sister", { ...cookie, "sec-fetch-site": "same-site" }, 403],
    ["with cookies and a password that browsers remember", { ...cookie, ...other, authorization: "Basic dTpw" }, 403],
    ["with cookies by an old browser of another site", { ...cookie, origin: "https://evil.test" }, 403],
    ["with cookies by a page without an origin", { ...cookie, origin: "null" }, 403],
    ["with cookies by nobody knows whom", cookie, 403],
  ])("%s", async (_name, headers, status) => {
    const before = server.targets.get("catalog.touch")?.scopes.length ?? 0;
    const answer = await post(server.url, "catalog.touch", "", headers);
    expect(answer.status).toBe(status);
    expect((server.targets.get("catalog.touch")?.scopes.length ?? 0) - before).toBe(status === 200 ? 1 : 0);
    expect((await send(server.url, { method: "DELETE", path: "/shop", headers })).status).toBe(status);
  });

  it("with cookies by an old browser on a page of ours passes", async () => {
    expect((await post(server.url, "catalog.touch", "", { ...cookie, origin: `http://${host()}` })).status).toBe(200);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])("as %s, which forms send, is 415", async (type) => {
    const headers = { "content-type": type, ...cookie, ...own };
    expect((await post(server.url, "catalog.touch", "{}", headers)).status).toBe(415);
    const route = await send(server.url, { method: "POST", path: "/auth/sign-in", headers, body: "{}" });
    expect(route.status).toBe(415);
  });
});

describe("the app's own routes", () => {
  const ask = (headers: Record<string, string>) =>
    send(server.url, { method: "POST", path: "/auth/sign-in", headers: { "content-type": "application/json", ...headers }, body: "{}" });

  it("refuse pages of other sites though they bring no cookies, and let programs in", async () => {
    const answers = await Promise.all([
      ask({}),
      ask(own),
      ask(other),
      ask({ origin: "https://evil.test" }),
      ask({ ...other, origin: SHOP }),
      ask(cookie),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403, 403, 200, 403]);
  });
});

describe("reading", () => {
  it("is never refused for whose page it is: only its own origin sees the answer", async () => {
    const { status, headers } = await get(server.url, "catalog.nothing", undefined, { ...cookie, ...other, origin: "https://evil.test" });
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  });

  it("by an origin that may call shows it the headers that it needs", async () => {
    const { headers } = await get(server.url, "catalog.nothing", undefined, { origin: SHOP });
    expect(headers).toMatchObject({ "access-control-allow-origin": SHOP, "access-control-expose-headers": "etag, location, retry-after" });
    expect(headers).not.toHaveProperty("access-control-allow-credentials");
  });
});
