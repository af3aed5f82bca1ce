import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { startTestRedis, type TestRedis } from "../../work/queue/redis-server.testing.ts";
import type { RateStore } from "./rate-counter.ts";
import { openRedisRateStore } from "./redis-rate-store.ts";

describe("the counts of a limit in Redis", () => {
  const timers = new Timers(() => systemClock.monotonicMs());
  let redis: TestRedis;
  let client: Redis;
  let store: RateStore;
  beforeAll(async () => {
    redis = await startTestRedis();
    client = new Redis(redis.url);
    store = await openRedisRateStore(redis.url, "shop", { clock: systemClock, timers, log: silentLogger });
  });
  afterAll(async () => {
    client.disconnect();
    await store.close();
    timers.close();
    await redis.stop();
  });

  it("are whole numbers under the app, the limit and what is counted: edges of other versions count there too", async () => {
    const totals = store.totals("users.signIn:0", 60_000);
    await client.set("shop:rate:users.signIn:0:ada", 3, "EX", 20);
    const [ada, bob] = [await totals.add("ada", 2), await totals.add("bob", 1)];
    expect([ada?.count, bob?.count]).toEqual([5, 1]);
    expect(ada?.leftMs).toBeLessThanOrEqual(20_000);
    expect(await client.mget("shop:rate:users.signIn:0:ada", "shop:rate:users.signIn:0:bob")).toEqual(["5", "1"]);
  });

  it("end with the window that their first call began, to the millisecond", async () => {
    const totals = store.totals("short", 1_500);
    const first = await totals.add("k", 1);
    expect(first).toEqual({ count: 1, leftMs: 1_500 });
    await client.pexpire("shop:rate:short:k", 700);
    expect((await totals.add("k", 1))?.leftMs).toBeLessThanOrEqual(700);
    await client.del("shop:rate:short:k");
    expect(await totals.add("k", 1)).toEqual(first);
  });

  it("are not begun by a call that is given back", async () => {
    expect(await store.totals("over", 10_000).add("k", -1)).toEqual({ count: 0, leftMs: 0 });
    expect(await client.exists("shop:rate:over:k")).toBe(0);
  });

  it("begin again if they have no end", async () => {
    await client.set("shop:rate:endless:k", 1_000_000);
    expect(await store.totals("endless", 10_000).add("k", 1)).toEqual({ count: 1, leftMs: 10_000 });
    expect(await client.pttl("shop:rate:endless:k")).toBeGreaterThan(0);
  });

  it("are added to by a script that is sent once, also after Redis has forgotten it", async () => {
    const totals = store.totals("script", 10_000);
    const receivedBytes = async (): Promise<number> => Number(/total_net_input_bytes:(\d+)/.exec(await client.info("stats"))?.[1]);
    await totals.add("k", 1);
    const beforeBytes = await receivedBytes();
    for (let count = 0; count < 100; count++) await totals.add("k", 1);
    expect((await receivedBytes()) - beforeBytes).toBeLessThan(100 * 200);
    await client.script("FLUSH");
    expect((await totals.add("k", 1))?.count).toBe(102);
  });
});
