import { Redis } from "ioredis";
import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { createQueueBackend } from "./bull-backend.ts";
import type { QueueBackend } from "./queue-backend.ts";
import { hasRedis, startTestRedis, type TestRedis } from "./redis-server.testing.ts";

let redis: TestRedis;
let backend: QueueBackend;

afterEach(async () => {
  await backend?.close();
  await redis?.stop();
  vi.restoreAllMocks();
});

/** Works on three queues of a Redis that was prepared this way. Returns the warnings. */
async function warningsOf(prepare: (admin: Redis) => Promise<unknown>, user = ""): Promise<string[]> {
  redis = await startTestRedis();
  const admin = new Redis(redis.url);
  await prepare(admin);
  admin.disconnect();
  const url = new URL(redis.url);
  [url.username, url.password] = [user, user === "" ? "" : "secret"];
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (_: object, text: string) => void warnings.push(text), child: () => log } as Logger;
  backend = await createQueueBackend({ kind: "redis", url: url.href }, { log, clock: systemClock, prefix: "warned" });
  const ran: string[] = [];
  for (const queue of ["a", "b", "c"]) backend.work(queue, { concurrency: 1 }, async ({ id }) => void ran.push(id));
  await expect.poll(() => backend.reachable).toBe(true);
  for (const queue of ["a", "b", "c"]) await backend.add(queue, [{ id: queue, name: "x", data: {} }]);
  await expect.poll(() => ran.length).toBe(3);
  return warnings;
}

it.skipIf(!hasRedis)("a maxmemory-policy that removes queued jobs is reported once, in the log only", async () => {
  const printed = vi.spyOn(console, "warn");
  const warnings = await warningsOf((admin) => admin.config("SET", "maxmemory-policy", "allkeys-lru"));
  expect(warnings).toEqual([
    "the maxmemory-policy of the Redis in REDIS_URL is not noeviction: it may throw away queued events and jobs, which then come late",
  ]);
  expect(printed).not.toHaveBeenCalled();
});

it.skipIf(!hasRedis)("a refused INFO is reported once, in the log only, and the queues work", async () => {
  const printed = vi.spyOn(console, "warn");
  const rights = ["SETUSER", "plain", "on", ">secret", "~*", "&*", "+@all", "-@dangerous"];
  const warnings = await warningsOf((admin) => admin.call("ACL", ...rights), "plain");
  expect(warnings).toEqual([
    "the user of REDIS_URL may not run INFO: the queues work, but it is not checked whether the maxmemory-policy of Redis is noeviction",
  ]);
  expect(backend.fault).toBeUndefined();
  expect(printed).not.toHaveBeenCalled();
});
