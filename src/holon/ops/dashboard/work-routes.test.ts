import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../kernel/log.ts";
import type { WorkAdmin } from "../../work/admin/work-admin.ts";
import type { OpsServer } from "../ops-server.ts";
import { Browser, openDashboard } from "./dashboard.testing.ts";

const ID = "5f1c2f0e-1111-4222-8333-444455556666";
const OTHER_ID = "5f1c2f0e-1111-4222-8333-444455557777";

/** An admin interface with fixed answers; it notes the decisions. */
function knownAdmin(context: string, decided: string[]): WorkAdmin {
  const decide = (what: string) => async (id: string) => {
    decided.push(`${context} ${what} ${id}`);
    return id === ID;
  };
  return {
    context,
    counts: async () => ({
      ...{ outboxCount: 3, outboxLagMs: 90_000, heldCount: 2, parkedCount: 1, stuckCount: 1 },
      jobs: { waiting: 4, running: 5, done: 6, failed: 1, oldestDueMs: 250 },
    }),
    failedJobs: async () => [
      {
        ...{ id: ID, name: "sendReceipt", attempts: 8, deaths: 0, deathsAlone: 0, failedAt: "2026-11-01T10:00:00.000Z" },
        reason: "TypeError: <script>alert(1)</script> postgres://shop:canary@db/shop",
      },
    ],
    unknownJobs: async () => [{ name: "oldName", count: 17, oldestDueMs: 90_000, cure: "declare it again" }],
    rerunJob: decide("rerun"),
    parkedEvents: async () => [{ id: ID, producer: "payments", name: "paymentTaken", key: "order <1>", attempts: 8, reason: null }],
    strandedEvents: async () => [
      { id: ID, producer: "payments", name: "paymentLost", key: "order <2>", waitsFor: "arrival", reason: "event 4 of its key has not come" },
      { id: OTHER_ID, producer: "payments", name: "oldEvent", key: null, waitsFor: "handler", reason: "no handler in this version" },
    ],
    releaseEvent: decide("release"),
    skipEvent: decide("skip"),
    forgetSubscriber: decide("forget"),
    stuckRuns: async () => [{ id: ID, workflow: "placeOrder", version: 2, key: "cart", reason: "the undo of charge failed" }],
    resumeRun: decide("resume"),
    runVersions: async () => [],
    leftRuns: async () => [],
  };
}

describe("the page of waiting work", () => {
  const decided: string[] = [];
  let reading: OpsServer;
  let writing: OpsServer;
  let reader: Browser;
  let writer: Browser;
  beforeAll(async () => {
    const broken: WorkAdmin = { ...knownAdmin("broken", decided), counts: () => Promise.reject(new TypeError("secret canary")) };
    const admins = () => [knownAdmin("orders", decided), broken];
    reading = await openDashboard({ log: silentLogger, admins });
    writing = await openDashboard({ log: silentLogger, admins, isWriteAllowed: true });
    [reader, writer] = [new Browser(reading.url), new Browser(writing.url)];
    await reader.signIn("admin-token-canary");
    await writer.signIn("admin-token-canary");
  });
  beforeEach(() => {
    decided.splice(0);
  });
  afterAll(async () => {
    await Promise.all([reading?.close(), writing?.close()]);
  });
  const formToken = async (): Promise<string> => /name="form" value="([\w-]+)"/.exec(await (await writer.get("/ops/work")).text())?.[1] ?? "";

  it("shows counts, and each thing to decide about with its reason, as text", async () => {
    const text = await (await reader.get("/ops/work")).text();
    for (const shown of [
      "sendReceipt",
      "payments.paymentTaken",
      "oldName",
      "declare it again",
      "order &lt;1&gt;",
      ...["payments.paymentLost", "order &lt;2&gt;", "event 4 of its key has not come", "payments.oldEvent", "no handler in this version"],
      "placeOrder",
      "the undo of charge failed",
      "90 s",
      "250 ms",
    ])
      expect(text).toContain(shown);
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt; postgres://shop:[redacted]@db/shop");
    expect(text).not.toMatch(/<script|canary/);
  });

  it("shows the other contexts if one cannot be read", async () => {
    expect(await (await reader.get("/ops/work")).text()).toContain("The database does not answer.");
    const { contexts } = (await (await reader.get("/ops/work.json")).json()) as { contexts: unknown[] };
    expect(contexts).toEqual([expect.objectContaining({ context: "orders" }), { context: "broken", problem: "The database does not answer." }]);
  });

  it("lets a held event be released or skipped, and one without a handler be skipped only", async () => {
    const text = await (await writer.get("/ops/work")).text();
    expect(text).toContain(`aria-label="Wait no longer: orders ${ID}"`);
    expect([...text.matchAll(new RegExp(`aria-label="([^"]*): orders ${OTHER_ID}"`, "g"))].map(([, label]) => label)).toEqual(["Skip"]);
  });

  it("has no buttons if it may only be read, and takes no decision then", async () => {
    expect(await (await reader.get("/ops/work")).text()).not.toContain("/ops/work/orders/");
    reader.cookie = writer.cookie;
    expect((await reader.send("POST", "/ops/work/orders/rerun", { id: ID, form: await formToken() })).status).toBe(403);
    const program = { authorization: "Bearer admin-token-canary" };
    expect((await reader.send("POST", "/ops/work/orders/rerun", { id: ID }, program)).status).toBe(403);
    expect(decided).toEqual([]);
  });

  it.each(["rerun", "release", "skip", "resume"])("takes the decision to %s, and says that it is taken", async (action) => {
    const answer = await writer.send("POST", `/ops/work/orders/${action}`, { id: ID, form: await formToken() });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, `/ops/work?did=${action}`]);
    expect(decided).toEqual([`orders ${action} ${ID}`]);
    expect(await (await writer.get(`/ops/work?did=${action}`)).text()).toContain('role="status"');
  });

  it("says that another admin has decided", async () => {
    const answer = await writer.send("POST", "/ops/work/orders/rerun", { id: "gone", form: await formToken() });
    expect(answer.headers.get("location")).toBe("/ops/work?did=late");
  });

  it("takes no decision from another site, without its form, or with another session's", async () => {
    const form = await formToken();
    const second = new Browser(writing.url);
    await second.signIn("admin-token-canary");
    const post = (browser: Browser, fields: Record<string, string>, headers = {}) =>
      browser.send("POST", "/ops/work/orders/skip", { id: ID, ...fields }, headers);
    expect((await post(writer, { form }, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await post(writer, {})).status).toBe(403);
    expect((await post(writer, { form: `${form.slice(0, -2)}xx` })).status).toBe(403);
    expect((await post(new Browser(writing.url), { form })).status).toBe(401);
    expect(decided).toEqual([]);
  });

  it("takes decisions of a program that brings its token", async () => {
    const headers = { authorization: "Bearer admin-token-canary" };
    const post = (id: string) => new Browser(writing.url).send("POST", "/ops/work/orders/rerun", { id }, headers);
    expect(await (await post(ID)).json()).toEqual({ done: true });
    expect((await post("gone")).status).toBe(404);
  });

  it.each(["/ops/work/other/rerun", "/ops/work/orders/drop", "/ops/work/orders/constructor", "/ops/work/__proto__/rerun"])(
    "knows nothing at %s",
    async (path) => {
      expect((await writer.send("POST", path, { id: ID, form: await formToken() })).status).toBe(404);
      expect(decided).toEqual([]);
    },
  );
});
