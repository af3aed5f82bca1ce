import { afterEach, expect, it } from "vitest";
import { createContextData } from "../../data/context-data.ts";
import { testLimits, useTestDatabase } from "../../data/database.testing.ts";
import { migrate } from "../../data/migrate/migrate.ts";
import { openSilentProxy } from "../../data/silent-proxy.testing.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { DatabaseWatch } from "./database-watch.ts";

const place = useTestDatabase();
const opened: Closable[] = [];
afterEach(async () => {
  for (let thing = opened.pop(); thing !== undefined; thing = opened.pop()) await thing.close();
});

/** The watch of one context's database, behind a proxy that can stop answering. */
async function watched(silentAtFirst: boolean, clock: Clock = systemClock) {
  const { role } = await migrate({ url: place.database.url, context: "orders" });
  const proxy = await openSilentProxy(place.database.url);
  if (silentAtFirst) proxy.silence();
  const store = createContextData({
    context: "orders",
    url: proxy.url,
    role,
    tables: {},
    limits: testLimits(),
    clock: systemClock,
    log: silentLogger,
  });
  const timers = new Timers(() => clock.monotonicMs());
  const said: string[] = [];
  const say: Logger["warn"] = (_fields: object | string, text?: string) => void said.push(text ?? "");
  const log: Logger = { ...silentLogger, child: () => log, warn: say, info: say };
  const watch = new DatabaseWatch(new Map([["orders", store]]), { clock, timers, log });
  opened.push(proxy, store, timers, watch);
  return { proxy, watch, said };
}

const STILL: Clock = { nowMs: () => 0, monotonicMs: () => 0 };

it("a database that is silent as the watch begins is found out by its first look, before any timer", async () => {
  const { proxy, watch } = await watched(true, STILL);
  await expect.poll(() => [...watch.silent]).toEqual(["orders"]);
  proxy.speak();
});

it("a database that goes silent is logged once, however often it is checked, and once more when it answers again", async () => {
  const { proxy, watch, said } = await watched(false);
  expect([...watch.silent]).toEqual([]);
  proxy.silence();
  await expect.poll(() => [...watch.silent]).toEqual(["orders"]);
  const acceptedCount = proxy.acceptedCount;
  await expect.poll(() => proxy.acceptedCount).toBeGreaterThan(acceptedCount + 1);
  proxy.speak("stay silent");
  await expect.poll(() => [...watch.silent]).toEqual([]);
  expect(said).toEqual(["background work failed; it is tried again", "background work goes on again"]);
});
