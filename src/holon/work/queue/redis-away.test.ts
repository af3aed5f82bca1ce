import { expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { createQueueBackend } from "./bull-backend.ts";
import { startTestRedis } from "./redis-server.testing.ts";

const options = { log: silentLogger, clock: systemClock, prefix: "away" };

// Seen red with `disconnect` instead of closing by force: `disconnect` waits for a connection that never comes, until the process is killed.
it.each(["was there", "never was there"])("a process stops while its Redis is away, which %s before", async (before) => {
  const redis = await startTestRedis();
  if (before === "never was there") await redis.kill();
  const backend = await createQueueBackend({ kind: "redis", url: redis.url }, options);
  try {
    const ran: string[] = [];
    backend.work("letters", { concurrency: 2 }, async ({ id }) => void ran.push(id));
    if (before === "was there") {
      await expect.poll(() => backend.reachable).toBe(true);
      await backend.add("letters", [{ id: "one", name: "x", data: {} }]);
      await expect.poll(() => ran).toEqual(["one"]);
      await redis.kill();
    }
    await expect.poll(() => backend.reachable).toBe(false);
    await backend.close();
  } finally {
    await redis.stop();
  }
});

it("a Redis that is connected and sends nothing is counted as away, until it answers again", async () => {
  const redis = await startTestRedis();
  const backend = await createQueueBackend({ kind: "redis", url: redis.url }, options);
  try {
    await expect.poll(() => backend.reachable).toBe(true);
    redis.freeze();
    await expect.poll(() => backend.reachable).toBe(false);
    redis.thaw();
    await expect.poll(() => backend.reachable).toBe(true);
    await backend.add("letters", [{ id: "one", name: "x", data: {} }]);
  } finally {
    redis.thaw();
    await backend.close();
    await redis.stop();
  }
});
