import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { createTestDatabase, startTestServer, type TestDatabase, type TestServer } from "../../dev/postgres/test-database.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { createQueueBackend, type QueuePlace } from "../../work/queue/bull-backend.ts";
import type { QueueBackend } from "../../work/queue/queue-backend.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../../work/queue/redis-server.testing.ts";
import type { OpsServer } from "../ops-server.ts";
import { Browser, openDashboard } from "./dashboard.testing.ts";

interface BoardQueue {
  readonly name: string;
  readonly readOnlyMode: boolean;
  readonly jobs: readonly Record<string, unknown>[];
}

/** Tests that hold for every backend. */
function behaves(openPlace: () => Promise<{ readonly place: QueuePlace; end(): Promise<void> }>): void {
  let opened: Awaited<ReturnType<typeof openPlace>>;
  let backend: QueueBackend;
  let ops: OpsServer;
  let writing: OpsServer;
  let browser: Browser;
  let writer: Browser;
  beforeAll(async () => {
    opened = await openPlace();
    backend = await createQueueBackend(opened.place, { log: silentLogger, clock: systemClock, prefix: "board" });
    await until(() => backend.reachable);
    ops = await openDashboard({ log: silentLogger, backendOpened: backend });
    writing = await openDashboard({ log: silentLogger, backendOpened: backend, isWriteAllowed: true });
    [browser, writer] = [new Browser(ops.url), new Browser(writing.url)];
    await browser.signIn("admin-token-canary");
    await writer.signIn("admin-token-canary");
    await backend.add("events.orders", [
      {
        id: "e-1",
        name: "payments",
        data: { producer: "payments", events: [{ id: "1", name: "paymentTaken", key: "order 1", payload: { card: "canary" } }] },
      },
    ]);
    await backend.add("jobs.orders", [{ id: "j-1", name: "sendReceipt", data: { ids: ["row 1"] } }]);
    const worker = backend.work("jobs.orders", { concurrency: 1 }, () =>
      Promise.reject(new TypeError("no mail server at smtp://shop:canary@mail.example, authorization Bearer canary-canary")),
    );
    await until(async () => (await backend.depth("jobs.orders")).failed === 1);
    await worker.close();
  });
  afterAll(async () => {
    await Promise.all([ops?.close(), writing?.close()]);
    await backend?.close();
    await opened?.end();
  });
  const queues = async (active: string): Promise<readonly BoardQueue[]> => {
    const answer = await browser.get(`/ops/jobs/api/queues?activeQueue=${active}&page=1&jobsPerPage=10`, { accept: "application/json" });
    return ((await answer.json()) as { queues: BoardQueue[] }).queues;
  };
  const jobOf = async (active: string) => (await queues(active)).find(({ name }) => name === active)?.jobs[0];

  it("shows every queue, also one that was never used", async () => {
    expect((await queues("jobs.orders")).map(({ name }) => name).sort()).toEqual(["ack.orders", "events.orders", "jobs.orders"]);
  });

  it("shows the name, the address and the reason of a job that failed, without the credentials in it", async () => {
    const job = await jobOf("jobs.orders");
    expect(job).toMatchObject({
      name: "sendReceipt",
      data: { ids: ["row 1"] },
      failedReason: expect.stringContaining("no mail server at smtp://shop:[redacted]@"),
    });
    expect(JSON.stringify(job)).not.toContain("canary");
  });

  it("shows the id and the name of a travelling event, not its payload", async () => {
    expect((await jobOf("events.orders"))?.["data"]).toEqual({ producer: "payments", events: [{ id: "1", name: "paymentTaken", key: "order 1" }] });
  });

  it("changes nothing if it may only be read", async () => {
    expect((await queues("jobs.orders")).map(({ readOnlyMode }) => readOnlyMode)).toEqual([true, true, true]);
    for (const path of ["jobs.orders/j-1/retry", "jobs.orders/retry/failed", "jobs.orders/clean/failed", "jobs.orders/obliterate", "pause"]) {
      expect((await browser.send("PUT", `/ops/jobs/api/queues/${path}`)).status).toBe(405);
    }
    expect((await browser.send("POST", "/ops/jobs/api/queues/jobs.orders/add")).status).toBe(405);
    expect((await backend.depth("jobs.orders")).failed).toBe(1);
  });

  it("changes something if that is allowed, for pages of its own only", async () => {
    const retry = (headers: Record<string, string>) => writer.send("PUT", "/ops/jobs/api/queues/jobs.orders/j-1/retry", undefined, headers);
    expect((await retry({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await backend.depth("jobs.orders")).waiting).toBe(0);
    expect((await retry({})).status).toBe(204);
    expect((await backend.depth("jobs.orders")).waiting).toBe(1);
  });

  it("lets its page load nothing of another host", async () => {
    const page = await browser.get("/ops/jobs");
    expect(page.status).toBe(200);
    const policy = page.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).not.toMatch(/https?:|\*/);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(await page.text()).toContain('<base href="/ops/jobs/"');
  });
}

describe("the board of queues on Postgres", () => {
  let server: TestServer;
  let database: TestDatabase;
  behaves(async () => {
    server = await startTestServer();
    database = await createTestDatabase({ server });
    const end = async () => {
      await database.drop();
      await server.stop();
    };
    return { place: { kind: "postgres", url: database.url }, end };
  });
});

describe.skipIf(!hasRedis)("the board of queues on Redis (left out if no redis-server is installed)", () => {
  let redis: TestRedis;
  behaves(async () => {
    redis = await startTestRedis();
    return { place: { kind: "redis", url: redis.url }, end: () => redis.stop() };
  });

  it("says that the queues are away while Redis is, and shows them when it is back", async () => {
    const own = await createQueueBackend({ kind: "redis", url: redis.url }, { log: silentLogger, clock: systemClock, prefix: "board" });
    const ops = await openDashboard({ log: silentLogger, backendOpened: own });
    const browser = new Browser(ops.url);
    await browser.signIn("admin-token-canary");
    await until(() => own.reachable);
    const status = async () => (await browser.get("/ops/jobs/api/queues")).status;
    expect(await status()).toBe(200);
    await redis.kill();
    await until(() => !own.reachable);
    expect(await status()).toBe(503);
    await redis.start();
    await until(async () => (await status()) === 200);
    await ops.close();
    await own.close();
  });
});
