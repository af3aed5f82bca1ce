import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { query } from "../../contract/index.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { type EdgeUnderTest, HandTarget, openEdge } from "../edge.testing.ts";
import { type RawAnswer, send } from "../http.testing.ts";

const SECRET = "select password from users -- at /srv/app/secret.ts";

const PROBLEM = { "content-type": "application/problem+json", "cache-control": "no-store" };

describe("the routes of an app", () => {
  let edge: EdgeUnderTest;
  beforeAll(async () => {
    edge = await openEdge({
      isProduction: true,
      more: [new HandTarget("users.me", query({ access: "user", input: z.object({ of: z.string() }) }), (_input, { principal }) => principal)],
      authenticate({ authorization }) {
        if (authorization === "Bearer bad") throw new TypeError("jwt malformed");
        return authorization === undefined ? { kind: "anonymous" } : { kind: "user", id: authorization.slice("Bearer ".length), roles: [] };
      },
      appRoutes(app, { call, callAnonymously, assertSameOrigin, cookie, setCookie }) {
        app.post<{ Querystring: { path: string } }>("/own/call", (request) => call(request.query.path, request.body, request));
        app.post("/own/nobody", (request) => callAnonymously("catalog.whoami", request.body, request));
        app.post("/own/session", async (request, reply) => {
          assertSameOrigin(request);
          setCookie(request, reply, "session", "abc", { path: "/own", maxAgeSeconds: 60 });
          return { was: cookie(request, "session") ?? null };
        });
        app.get("/own/broken", () => {
          throw new TypeError(SECRET);
        });
        app.get("/own/wordy", () => {
          throw catalogueError("CONFLICT", "Too much.", { details: { text: "x".repeat(20_000) } });
        });
      },
    });
  });
  afterAll(() => edge.close());

  const post = (path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> =>
    send(edge.url, {
      method: "POST",
      path,
      headers: { "content-type": "application/json", ...headers },
      body: body === undefined ? "" : JSON.stringify(body),
    });

  test("call procedures for whom the request is made", async () => {
    const answer = await post("/own/call?path=users.me", { of: "x" }, { authorization: "Bearer ada" });
    expect([answer.status, answer.json]).toEqual([200, { kind: "user", id: "ada", roles: [] }]);
  });

  test("call as an anonymous caller by callAnonymously, whatever token the request has", async () => {
    const { json } = await post("/own/nobody", undefined, { authorization: "Bearer bad" });
    expect(json).toMatchObject({ principal: { kind: "anonymous" }, caller: "edge" });
  });

  test.each([
    ["what the contract refuses", "catalog.strict", { amount: 0 }, 400, "BAD_REQUEST"],
    ["an internal procedure, as one that is not there", "catalog.reserve", undefined, 404, "NOT_FOUND"],
    ["a subscription", "catalog.prices", { count: 1 }, 404, "NOT_FOUND"],
    ["nothing", "constructor", undefined, 404, "NOT_FOUND"],
    ["an error of the contract", "catalog.soldOut", undefined, 422, "OUT_OF_STOCK"],
    ["a defect, without what it says", "catalog.broken", undefined, 500, "INTERNAL"],
  ])("answer %s as problem details", async (_, path, input, status, code) => {
    const answer = await post(`/own/call?path=${path}`, input);
    expect(answer).toMatchObject({ status, headers: PROBLEM, json: { code, status, detail: expect.any(String) } });
    expect(answer.body).not.toContain("/srv/app");
  });

  test("refuse a token that cannot be read", async () => {
    expect(await post("/own/call?path=users.me", { of: "x" }, { authorization: "Bearer bad" })).toMatchObject({
      status: 401,
      json: { code: "UNAUTHORIZED", detail: "The credentials of the request are not valid." },
    });
  });

  test("never show what they threw", async () => {
    const answer = await send(edge.url, { path: "/own/broken" });
    expect(answer).toMatchObject({ status: 500, json: { code: "INTERNAL", errorId: expect.any(String) } });
    expect(answer.body).not.toContain("secret");
    expect(edge.log.lines.some(({ fields }) => (fields["err"] as Error | undefined)?.message === SECRET)).toBe(true);
  });

  test("answer an error in short though its details are long", async () => {
    const { status, body } = await send(edge.url, { path: "/own/wordy" });
    expect([status, body.length < 1_000]).toEqual([409, true]);
  });

  test("read no body but JSON, and none that is unsafe", async () => {
    const form = { method: "POST", path: "/own/call?path=catalog.any", headers: { "content-type": "text/plain" }, body: "{}" };
    expect(await send(edge.url, form)).toMatchObject({ status: 415, json: { code: "UNSUPPORTED_MEDIA_TYPE" } });
    const deep = { ...form, headers: { "content-type": "application/json" }, body: "[".repeat(80) + "]".repeat(80) };
    expect(await send(edge.url, deep)).toMatchObject({ status: 400, json: { code: "BAD_REQUEST" } });
    expect((await send(edge.url, { ...deep, body: "{" })).json).toMatchObject({ detail: "The input is refused: the text is not JSON." });
    expect(await send(edge.url, { ...deep, body: '{"__proto__":{}}' })).toMatchObject({ status: 400, json: { code: "BAD_REQUEST" } });
    expect(await send(edge.url, { ...deep, body: `"${"x".repeat(2 ** 20)}"` })).toMatchObject({ status: 413, json: { code: "PAYLOAD_TOO_LARGE" } });
  });

  describe("with cookies", () => {
    const fromOwnPage = { "sec-fetch-site": "same-origin" };

    test("set them out of reach of scripts and other sites", async () => {
      const { headers } = await post("/own/session", {}, fromOwnPage);
      expect(headers["set-cookie"]).toEqual(["session=abc; Max-Age=60; Path=/own; HttpOnly; Secure; SameSite=Strict"]);
    });

    test("read the one that is meant", async () => {
      const { json } = await post("/own/session", {}, { ...fromOwnPage, cookie: "xsession=1; session=a=b; session=2" });
      expect(json).toEqual({ was: "a=b" });
    });

    test.each([
      ["another site", { "sec-fetch-site": "cross-site" }],
      ["another page of the site", { "sec-fetch-site": "same-site" }],
      ["another origin", { origin: "https://evil.test" }],
      ["nowhere", {}],
    ])("refuse what comes from %s", async (_, headers) => {
      const answer = await post("/own/session", {}, headers);
      expect([answer.status, answer.headers["set-cookie"]]).toEqual([403, undefined]);
    });
  });

  test("are counted by procedure, as calls of the app", async () => {
    await post("/own/call?path=catalog.missing", { id: "x" });
    const series = edge.metrics.series({ procedure: "catalog.missing", caller: "outside", transport: "app" });
    expect([...series.codes()]).toEqual([["NOT_FOUND", 1]]);
  });
});
