import { TRPCClientError } from "holon/client";
import { describe, expect, test } from "vitest";
import { createRetrying } from "./retry.ts";

const failure = (code?: string): TRPCClientError<never> =>
  TRPCClientError.from(new TypeError(code ?? "fetch failed"), code === undefined ? {} : { meta: {} });

const withCode = (code: string): Error => Object.assign(failure(code), { data: { code } });

function setUp() {
  let nowMs = 0;
  const waitsMs: number[] = [];
  const codes: string[] = [];
  const retrying = createRetrying({
    patienceMs: 60_000,
    nowMs: () => nowMs,
    sleep: async (ms) => {
      waitsMs.push(ms);
      nowMs += ms;
    },
    random: () => 1,
    onRetry: (code) => codes.push(code),
  });
  return { retrying, waitsMs, codes };
}

describe("retrying", () => {
  test("goes on while the server is away or the key is in flight, and waits longer each time", async () => {
    const { retrying, waitsMs, codes } = setUp();
    const answers = [withCode("UNAVAILABLE"), failure(), withCode("KEY_IN_FLIGHT")];
    const answer = await retrying(async () => {
      const error = answers.shift();
      if (error !== undefined) throw error;
      return "done";
    });
    expect([answer, codes, waitsMs]).toEqual(["done", ["UNAVAILABLE", "NETWORK", "KEY_IN_FLIGHT"], [50, 100, 200]]);
  });

  test("does not repeat a call that was refused", async () => {
    const { retrying, codes } = setUp();
    await expect(retrying(() => Promise.reject(withCode("OUT_OF_STOCK")))).rejects.toMatchObject({ data: { code: "OUT_OF_STOCK" } });
    expect(codes).toEqual([]);
  });

  test("gives up after a minute", async () => {
    const { retrying, waitsMs } = setUp();
    await expect(retrying(() => Promise.reject(withCode("UNAVAILABLE")))).rejects.toMatchObject({ data: { code: "UNAVAILABLE" } });
    const waitedMs = waitsMs.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThanOrEqual(60_000);
    expect(waitedMs).toBeLessThan(62_001);
  });
});
