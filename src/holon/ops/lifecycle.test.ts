import { Agent, get as httpGet } from "node:http";
import { connect } from "node:net";
import { createTRPCClient, httpBatchStreamLink } from "@trpc/client";
import { afterEach, describe, expect, it } from "vitest";
import { type EdgeUnderTest, HandTarget, openEdge, openGate, type ReferenceRouter } from "../edge/edge.testing.ts";
import { get, post, send, until } from "../edge/http.testing.ts";
import { silentLogger } from "../kernel/log.ts";
import { CallMetrics } from "../observe/call-metrics.ts";
import { createMetrics } from "../observe/metrics.ts";
import { createOpsServer } from "./ops-server.ts";

let server: EdgeUnderTest;
afterEach(() => server.close());

const scopesOf = (path: string) => (server.targets.get(path) as HandTarget).scopes;

describe("a client that goes away", () => {
  it("during a call cancels it", async () => {
    server = await openEdge();
    const abort = new AbortController();
    const answer = send(server.url, {
      method: "POST",
      path: "/trpc/catalog.waits",
      headers: { "content-type": "application/json" },
      signal: abort.signal,
    });
    answer.catch(() => {});
    await until(() => scopesOf("catalog.waits").length === 1);
    abort.abort();
    await until(() => scopesOf("catalog.waits")[0]?.cancelled !== undefined);
    expect(scopesOf("catalog.waits")[0]?.cancelled?.code).toBe("CANCELLED");
    await until(() => server.edge.inFlightCount === 0);
  });

  it("during its body is never handed to a handler", async () => {
    server = await openEdge();
    const socket = connect({ host: "127.0.0.1", port: server.edge.port });
    socket.write("POST /trpc/catalog.any HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[1,2");
    await until(() => server.edge.inFlightCount === 1);
    socket.destroy();
    await until(() => server.edge.inFlightCount === 0);
    expect(scopesOf("catalog.any")).toEqual([]);
  });

  it("during a streamed batch cancels what has no answer, and starts nothing more", async () => {
    server = await openEdge({ limits: { batchConcurrencyCount: 2 } });
    const abort = new AbortController();
    const client = createTRPCClient<ReferenceRouter>({ links: [httpBatchStreamLink({ url: `${server.url}/trpc` })] });
    const calls = [1, 2, 3, 4].map(() => client.catalog.waits.mutate(undefined, { signal: abort.signal }).catch(() => "gone"));
    await until(() => scopesOf("catalog.waits").length === 2);
    abort.abort();
    expect(await Promise.all(calls)).toEqual(Array(4).fill("gone"));
    await until(() => scopesOf("catalog.waits").every(({ cancelled }) => cancelled !== undefined));
    await until(() => server.edge.inFlightCount === 0);
    expect(scopesOf("catalog.waits")).toHaveLength(2);
  });
});

describe("a batch", () => {
  it("runs no more calls at once than the limit, and answers in order", async () => {
    let running = 0;
    let greatest = 0;
    const { query } = await import("../contract/index.ts");
    const counted = new HandTarget("catalog.counted", query({ access: "public" }), async () => {
      greatest = Math.max(greatest, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      return --running;
    });
    server = await openEdge({ more: [counted], limits: { batchConcurrencyCount: 3 } });
    const { json } = await get(server.url, `${Array(10).fill("catalog.counted").join(",")}?batch=1`);
    expect({ greatest, count: (json as unknown[]).length }).toEqual({ greatest: 3, count: 10 });
  });

  it("streams each answer when it is ready", async () => {
    server = await openEdge();
    const client = createTRPCClient<ReferenceRouter>({ links: [httpBatchStreamLink({ url: `${server.url}/trpc` })] });
    const order: string[] = [];
    const slow = client.catalog.gated.query({ id: "slow" }).then((id) => order.push(id));
    const fast = client.catalog.get.query({ id: "fast" }).then(({ id }) => order.push(id));
    await fast;
    await until(() => openGate("slow"));
    await slow;
    expect(order).toEqual(["fast", "slow"]);
  });
});

describe("stopping", () => {
  it("finishes what is in flight while new requests get 503, and closes their connections", async () => {
    server = await openEdge();
    const early = get(server.url, "catalog.gated", { id: "stop" });
    await until(() => server.edge.inFlightCount === 1);
    server.edge.drain();
    const late = await get(server.url, "catalog.nothing");
    expect({ status: late.status, connection: late.headers.connection, json: late.json }).toMatchObject({
      status: 503,
      connection: "close",
      json: { error: { data: { code: "UNAVAILABLE" } } },
    });
    const closed = server.edge.close();
    openGate("stop");
    expect((await early).json).toEqual({ result: { data: "stop" } });
    await closed;
  });

  it("breaks the connection of a stream that comes in while draining, because a 503 would end it for good", async () => {
    server = await openEdge();
    server.edge.drain();
    await expect(get(server.url, "catalog.prices", { count: 1 }, { accept: "text/event-stream" })).rejects.toThrow("socket hang up");
  });

  it("waits no longer than the grace for what hangs, and cancels it", async () => {
    server = await openEdge({ limits: { graceMs: 20 } });
    const hanging = post(server.url, "catalog.waits", "");
    hanging.catch(() => {});
    await until(() => scopesOf("catalog.waits").length === 1);
    await server.edge.close();
    await expect(hanging).rejects.toThrow();
    expect(scopesOf("catalog.waits")[0]?.cancelled?.code).toBe("CANCELLED");
    expect(server.timers.size).toBe(0);
  });

  it("does not wait for idle connections, and closing twice is closing once", async () => {
    server = await openEdge();
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve) =>
      httpGet({ port: server.edge.port, path: "/healthz", agent }, (response) => response.resume().on("end", resolve)),
    );
    await Promise.all([server.edge.close(), server.edge.close()]);
    agent.destroy();
    await expect(get(server.url, "catalog.nothing")).rejects.toThrow("ECONNREFUSED");
  });

  it("leaves nothing open when the port is taken", async () => {
    server = await openEdge();
    await expect(openEdge({ port: server.edge.port })).rejects.toThrow("EADDRINUSE");
  });
});

describe("health", () => {
  it("is alive, and ready or not, with reasons unless in production", async () => {
    const state = { ready: false, reasons: ["the database is away"] };
    server = await openEdge({ readiness: () => state });
    const production = await openEdge({ readiness: () => state, isProduction: true });
    expect((await send(server.url, { path: "/healthz" })).json).toEqual({ status: "alive" });
    expect(await send(server.url, { path: "/readyz" })).toMatchObject({ status: 503, json: state });
    expect(await send(production.url, { path: "/readyz" })).toMatchObject({ status: 503, json: { ready: false } });
    expect((await send(production.url, { path: "/readyz" })).body).not.toContain("database");
    state.ready = true;
    expect((await send(server.url, { path: "/readyz" })).status).toBe(200);
    await production.close();
  });

  it("is shown with metrics on the operations port, which counts calls", async () => {
    const calls = new CallMetrics({ procedures: ["catalog.get"], callers: [] });
    server = await openEdge({ metrics: calls });
    const ops = await createOpsServer({
      port: 0,
      metrics: createMetrics({ calls, processMetrics: false }),
      readiness: () => ({ ready: true, reasons: [] }),
      log: silentLogger,
    });
    await get(server.url, "catalog.get", { id: "a" });
    await Promise.all(["x", "y", "z"].map((path) => get(server.url, path)));
    const { body, headers } = await send(ops.url, { path: "/metrics" });
    expect(headers["content-type"]).toContain("text/plain");
    expect(body).toContain('holon_calls_total{procedure="catalog.get",caller="outside",transport="trpc",code="OK"} 1');
    expect(body).toContain('holon_calls_total{procedure="unknown",caller="outside",transport="trpc",code="NOT_FOUND"} 3');
    expect((await send(ops.url, { path: "/readyz" })).json).toEqual({ ready: true, reasons: [], degraded: [] });
    expect((await send(ops.url, { path: "/nope" })).json).toMatchObject({ code: "NOT_FOUND" });
    await ops.close();
  });
});

describe("headers", () => {
  it("protect answers, name no software, and allow no other origin", async () => {
    server = await openEdge();
    const answers = await Promise.all([
      get(server.url, "catalog.nothing", undefined, { origin: "https://evil.test" }),
      send(server.url, { path: "/healthz" }),
    ]);
    for (const { headers } of answers) {
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers).not.toHaveProperty("server");
      expect(headers).not.toHaveProperty("x-powered-by");
      expect(headers).not.toHaveProperty("access-control-allow-origin");
    }
  });

  it("allow the origins that are named, whole", async () => {
    server = await openEdge({ cors: { origins: ["https://shop.test"] } });
    const ask = (origin: string) => get(server.url, "catalog.nothing", undefined, { origin });
    expect((await ask("https://shop.test")).headers).toMatchObject({
      "access-control-allow-origin": "https://shop.test",
      vary: "trpc-accept, accept, origin",
    });
    expect((await ask("https://shop.test.evil.test")).headers).not.toHaveProperty("access-control-allow-origin");
    const preflight = { origin: "https://shop.test", "access-control-request-method": "POST" };
    expect(await send(server.url, { method: "OPTIONS", path: "/trpc/catalog.touch", headers: preflight })).toMatchObject({
      status: 204,
      headers: { "access-control-allow-origin": "https://shop.test" },
    });
  });

  it("of trusted proxies tell the client's address, and routes beside tRPC see no internal ones", async () => {
    const addresses: string[] = [];
    server = await openEdge({
      trustedProxies: ["127.0.0.0/8"],
      authenticate: ({ address }) => {
        addresses.push(address);
        return { kind: "anonymous" };
      },
      toolkitRoutes: (app) => {
        app.get("/echo", (request) => ({ address: request.ip, secret: request.headers["holon-principal"] ?? null }));
      },
    });
    const forwarded = { "x-forwarded-for": "6.6.6.6, 203.0.113.9", "holon-principal": "admin" };
    await get(server.url, "catalog.nothing", undefined, forwarded);
    expect(addresses).toEqual(["203.0.113.9"]);
    expect((await send(server.url, { path: "/echo", headers: forwarded })).json).toEqual({ address: "203.0.113.9", secret: null });
  });
});
