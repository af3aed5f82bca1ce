import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, query } from "../../contract/index.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import type { AppRoutes } from "../app-routes/app-routes.ts";
import { type EdgeUnderTest, HandTarget, openEdge } from "../edge.testing.ts";
import type { EdgeRequest } from "../http/edge-request.ts";
import { get, post, type RawAnswer, send } from "../http.testing.ts";
import type { RateStore } from "./rate-counter.ts";

function authenticate({ authorization }: EdgeRequest): Principal {
  return authorization === undefined ? ANONYMOUS : { kind: "user", id: authorization, roles: [] };
}

const things = contract("things", {
  procedures: { list: query({ access: "public", input: z.object({ page: z.int().optional() }), output: z.string(), rest: "GET /things" }) },
});
const targets = () => [new HandTarget("things.list", things.procedures.list, () => "things")];
const appRoutes: AppRoutes = (app, edge) => {
  app.get("/own", () => ({ own: true }));
  app.post("/own/list", (request) => edge.call("things.list", request.body, request));
};

const LIMIT = 3;
const edges: EdgeUnderTest[] = [];
async function open(options: Parameters<typeof openEdge>[0] = {}): Promise<EdgeUnderTest> {
  const limits = { refusalRateCount: LIMIT, rateWindowMs: 60_000, ...options.limits };
  const edge = await openEdge({ authenticate, more: targets(), restRoutes: things.routes, appRoutes, ...options, limits });
  edges.push(edge);
  return edge;
}
afterEach(() => Promise.all(edges.splice(0).map((edge) => edge.close())));
afterAll(() => Promise.all(edges.map((edge) => edge.close())));

const JSON_TYPE = { "content-type": "application/json" };
const good = (url: string, headers: Record<string, string> = {}) => get(url, "things.list", {}, headers);
const bad = (url: string, headers: Record<string, string> = {}) =>
  send(url, { method: "POST", path: "/trpc/catalog.touch", headers: { "content-type": "text/plain", ...headers }, body: "x" });
const statuses = (answers: readonly RawAnswer[]) => answers.map(({ status }) => status);

async function refuse(url: string, count: number, headers: Record<string, string> = {}): Promise<number[]> {
  const answers: RawAnswer[] = [];
  for (let index = 0; index < count; index++) answers.push(await bad(url, headers));
  return statuses(answers);
}

const warnings = ({ log }: EdgeUnderTest) => log.lines.filter(({ message }) => message.includes("HOLON_TRUSTED_PROXIES")).map(({ fields }) => fields);

/** Requests that are refused before a procedure is known, or as soon as it is, without a count of calls. */
const REFUSALS: readonly (readonly [name: string, status: number, send: (url: string) => Promise<RawAnswer>])[] = [
  ["a body that is no JSON by its content type", 415, (url) => bad(url)],
  ["a body of REST that is no JSON by its content type", 400, (url) => send(url, { path: "/things", headers: { "content-length": "1" }, body: "x" })],
  ["bad JSON", 400, (url) => post(url, "catalog.touch", "{")],
  ["a body over the limit", 413, (url) => post(url, "catalog.any", JSON.stringify("x".repeat(1_100_000)))],
  ["a URL that cannot be decoded", 400, (url) => send(url, { path: "/trpc/%E9" })],
  ["a path that cannot be decoded", 400, (url) => send(url, { path: "/%E9" })],
  ["a URL that is too long", 413, (url) => send(url, { path: `/trpc/things.list?${"x".repeat(20_000)}` })],
  ["a method that nothing takes", 405, (url) => send(url, { method: "PUT", path: "/trpc/things.list" })],
  ["a method that a route does not take", 405, (url) => send(url, { method: "DELETE", path: "/things" })],
  ["a bad header", 400, (url) => good(url, { "holon-deadline-ms": "soon" })],
  ["bad connectionParams", 400, (url) => send(url, { path: "/trpc/things.list?connectionParams=7" })],
  ["an unknown procedure", 404, (url) => get(url, "things.nothing")],
  ["a batch of unknown procedures", 404, (url) => get(url, "things.no,things.none?batch=1")],
  ["an unknown path", 404, (url) => send(url, { path: "/nothing" })],
  ["a subscription whose input is no JSON", 200, (url) => send(url, { path: "/trpc/catalog.prices?input=x" })],
  [
    "cookies from another site",
    403,
    (url) =>
      send(url, { method: "POST", path: "/trpc/catalog.touch", headers: { ...JSON_TYPE, cookie: "a=b", origin: "http://evil.test" }, body: "{}" }),
  ],
];

describe("requests that are refused before a procedure is known", () => {
  it.each(REFUSALS)("count against the address: %s", async (_name, status, refused) => {
    const { url } = await open();
    for (let index = 0; index < LIMIT; index++) expect((await refused(url)).status).toBe(status);
    expect((await good(url)).status).toBe(429);
  });

  it("count against the address: headers that are too large, and what is no HTTP", async () => {
    const { url } = await open();
    for (let index = 0; index < LIMIT - 1; index++)
      expect(await raw(url, `GET / HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(30_000)}\r\n\r\n`)).toContain("431");
    expect((await good(url)).status).toBe(200);
    expect(await raw(url, "what is this\r\n\r\n")).toContain("400");
    expect((await good(url)).status).toBe(429);
  });

  it("bar the address by every way to a procedure, with the time to wait, before anything is read", async () => {
    const { url, targets: inside } = await open();
    expect(await refuse(url, LIMIT)).toEqual([415, 415, 415]);
    const trpc = await bad(url);
    expect(trpc).toMatchObject({
      status: 429,
      json: { error: { data: { code: "TOO_MANY_REQUESTS", details: { retryAfterMs: expect.any(Number) } } } },
    });
    const rest = await send(url, { path: "/things" });
    expect(rest).toMatchObject({ status: 429, headers: { "retry-after": expect.stringMatching(/^(59|60)$/) } });
    expect(rest.body).toContain("TOO_MANY_REQUESTS");
    expect((await good(url, { authorization: "u1" })).status).toBe(429);
    expect(inside.get("things.list")?.scopes).toHaveLength(0);
    expect(await answersBeforeItsBody(url)).toBe(429);
  });

  it("are logged for the operator once a minute, with what to do if the address is a proxy's", async () => {
    const edge = await open();
    await refuse(edge.url, LIMIT - 1);
    expect(warnings(edge)).toEqual([]);
    await refuse(edge.url, 2);
    expect(warnings(edge)).toEqual([{ address: "127.0.0.1" }]);
  });

  it("leave the app's own routes and the checks of health alone", async () => {
    const { url } = await open();
    await refuse(url, LIMIT + 1);
    const answers = [
      await send(url, { path: "/own" }),
      await send(url, { method: "POST", path: "/own/list", headers: JSON_TYPE, body: "{}" }),
      await send(url, { path: "/healthz" }),
      await send(url, { path: "/readyz" }),
      await send(url, { path: "/nothing" }),
    ];
    expect(statuses(answers)).toEqual([200, 200, 200, 200, 404]);
  });

  it("are no calls that were refused by their procedure, nor what it answers", async () => {
    const { url } = await open();
    const calls = [
      await get(url, "things.list", { page: "x" }),
      await get(url, "catalog.missing", { id: "1" }),
      await send(url, { path: "/things?page=x" }),
      await good(url),
      await good(url, { authorization: "u1" }),
    ];
    expect(statuses(calls)).toEqual([400, 404, 400, 200, 200]);
  });

  it("let an address go on when the window is over, and others all the time", async () => {
    let nowMs = 1_000;
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    const { url } = await open({ clock, trustedProxies: ["127.0.0.0/8"], limits: { rateWindowMs: 10_000 } });
    const [busy, other, neighbour] = ["2001:db8::1", "2001:db8:0:1::1", "2001:db8::2"].map((address) => ({ "x-forwarded-for": address }));
    await refuse(url, LIMIT, busy);
    expect(statuses([await good(url, busy), await good(url, neighbour), await good(url, other)])).toEqual([429, 429, 200]);
    // Requests that are refused meanwhile do not make the wait longer.
    nowMs += 9_000;
    expect(await refuse(url, 5, busy)).toEqual(Array(5).fill(429));
    nowMs += 1_000;
    expect((await good(url, busy)).status).toBe(200);
  });

  it("are shared with the other edges, as calls are", async () => {
    const told: [name: string, key: string, count: number][] = [];
    const totals = (name: string): ReturnType<RateStore["totals"]> => ({
      async add(key, count) {
        told.push([name, key, count]);
        return { count: 1_000, leftMs: 5_000 };
      },
    });
    const { url } = await open({ rateStore: { reachable: true, totals, close: async () => {} } });
    await refuse(url, 1);
    expect(told).toEqual([["refusal", "127.0.0.1", 1]]);
    expect((await good(url)).headers["retry-after"]).toBe("5");
  });

  it("close a stream that asks for it, so that its client comes back", async () => {
    const { url } = await open();
    await refuse(url, LIMIT);
    const stream = send(url, { path: "/trpc/catalog.prices?input=%7B%22count%22%3A1%7D", headers: { accept: "text/event-stream" } });
    await expect(stream).rejects.toMatchObject({ code: "ECONNRESET" });
  });
});

/** Writes bytes to a connection and reads the answer until the connection is closed. */
function raw(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

/** The status of a request of which only the head was sent. */
function answersBeforeItsBody(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/trpc/catalog.touch`, { method: "POST", headers: { ...JSON_TYPE, "content-length": "1000000" } }, (answer) => {
      resolve(answer.statusCode ?? 0);
      request.destroy();
    });
    request.on("error", reject);
    request.flushHeaders();
  });
}
