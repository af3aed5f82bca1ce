import { describe, it } from "vitest";
import { openSilentProxy, type SilentOnes } from "../../data/silent-proxy.testing.ts";
import { createTestDatabase, startTestServer } from "../../dev/postgres/test-database.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { createQueueBackend } from "./bull-backend.ts";
import type { QueueBackend } from "./queue-backend.ts";
import { hasRedis, startTestRedis } from "./redis-server.testing.ts";

const options = { log: silentLogger, clock: systemClock, prefix: "silent" };

interface Server {
  readonly url: string;
  end(): Promise<void>;
}

const SERVERS = {
  async redis(): Promise<Server> {
    const redis = await startTestRedis();
    return { url: redis.url, end: () => redis.stop() };
  },
  async postgres(): Promise<Server> {
    const server = await startTestServer();
    const database = await createTestDatabase({ server });
    return {
      url: database.url,
      async end() {
        await database.drop();
        await server.stop();
      },
    };
  },
};

describe.concurrent.each(["redis", "postgres"] as const)("queues on a silent %s", { timeout: 180_000 }, (kind) => {
  // Seen red without `socketTimeout` of the clients, and without the pings of the connections that workers listen on: TCP gives up after a quarter of an hour.
  it.skipIf(!hasRedis && kind === "redis").for(["go on", "stay silent", "are cut"] satisfies SilentOnes[])(
    "refuse jobs at once, and work again by themselves when it answers again: silent connections %s",
    async (silentOnes, { expect }) => {
      const server = await SERVERS[kind]();
      const proxy = await openSilentProxy(server.url);
      const backend = await createQueueBackend({ kind, url: proxy.url }, options);
      try {
        const ran: string[] = [];
        backend.work("letters", { concurrency: 2 }, async ({ id }) => void ran.push(id));
        await expect.poll(() => backend.reachable).toBe(true);
        // The next job that becomes due. A worker may wait for it, and learns of other jobs only on the connection on which it waits.
        await backend.add("letters", [{ id: "in-an-hour", name: "x", data: {}, delayMs: 3_600_000 }]);
        await backend.add("letters", [{ id: "before", name: "x", data: {} }]);
        await expect.poll(() => ran).toEqual(["before"]);

        proxy.silence();
        await expect(backend.add("letters", [{ id: "meanwhile", name: "x", data: {} }])).rejects.toMatchObject({ code: "UNAVAILABLE" });
        await expect.poll(() => [backend.reachable, backend.fault]).toEqual([false, "the queues cannot be reached: events and jobs wait"]);
        await expect.poll(() => proxy.acceptedCount).toBeGreaterThan(0);
        proxy.speak(silentOnes);
        const beganMs = performance.now();
        await expect.poll(() => backend.reachable).toBe(true);
        await expect.poll(() => isAdded(backend, "after")).toBe(true);
        await expect.poll(() => ran).toContain("after");
        const tookS = ((performance.now() - beganMs) / 1_000).toFixed(1);
        process.stdout.write(`silent ${kind}, silent connections ${silentOnes}: its worker worked again after ${tookS} s\n`);
        expect(backend.fault).toBeUndefined();
      } finally {
        await backend.close();
        proxy.close();
        await server.end();
      }
    },
  );
});

async function isAdded(backend: QueueBackend, id: string): Promise<boolean> {
  try {
    await backend.add("letters", [{ id, name: "x", data: {} }]);
    return true;
  } catch {
    return false;
  }
}
