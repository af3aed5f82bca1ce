import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { type EdgeUnderTest, openEdge } from "./edge.testing.ts";
import { get, sendBytes } from "./http.testing.ts";

let server: EdgeUnderTest;
beforeAll(async () => {
  server = await openEdge({ clock: { nowMs: () => 0, monotonicMs: () => 1_000 } });
});
afterAll(() => server.close());

/** The tests in bad-input.test.ts show that each limit refuses one more than it allows. Here are the defaults that no request exceeds. */
describe("defaults that are promised", () => {
  it("are the numbers of the table", () => {
    expect(DEFAULT_LIMITS).toMatchObject({
      ...{ deadlineMs: 10_000, greatestDeadlineMs: 30_000, bodyBytes: 1_048_576, batchCount: 20, batchConcurrencyCount: 10 },
      ...{ responseBytes: 8_388_608, errorBytes: 16_384, issuesCount: 20, depthCount: 64, stringBytes: 262_144, arrayCount: 10_000 },
      ...{ headersTimeoutMs: 10_000, requestTimeoutMs: 30_000, keepAliveMs: 72_000 },
    });
  });

  it.each([
    ["10 s where it names none", {}, 11_000],
    ["what it asks for", { "holon-deadline-ms": "500" }, 1_500],
    ["30 s at most", { "holon-deadline-ms": "999999" }, 31_000],
  ])("give a call a deadline of %s", async (_name, headers, deadlineAtMs) => {
    await get(server.url, "catalog.nothing", undefined, headers);
    expect(server.targets.get("catalog.nothing")?.scopes.at(-1)?.deadlineAtMs).toBe(deadlineAtMs);
  });

  it("keep an idle connection for 72 s, and tell the client", async () => {
    const text = await sendBytes(server.url, "GET /trpc/catalog.nothing HTTP/1.1\r\nhost: x\r\n\r\n", '{"result":{}}');
    expect(text).toMatch(/\r\nKeep-Alive: timeout=72\r\n/);
  });

  it("run ten calls of a batch at once, and the others as these end", async () => {
    const path = `${Array(20).fill("catalog.waits").join()}?batch=1`;
    const abort = new AbortController();
    const target = server.targets.get("catalog.waits");
    const batch = fetch(`${server.url}/trpc/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
      signal: abort.signal,
    });
    while ((target?.scopes.length ?? 0) < 10) await get(server.url, "catalog.nothing");
    await get(server.url, "catalog.nothing");
    expect(target?.scopes).toHaveLength(10);
    abort.abort();
    await expect(batch).rejects.toThrow();
  });
});
