import { TOPOLOGIES, testApp } from "holon/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { contracts, createWorkApp } from "./app.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.stop());

describe.each(["redis", "postgres"] as const)("with queues on %s", (backend) => {
  it.each(TOPOLOGIES)("an event is handled, its job calls back, and its effect happens once: %s", async (topology) => {
    const app = await testApp(createWorkApp(), { contracts, topology, ...(backend === "redis" ? { redisUrl: redis.url } : {}) });
    try {
      const { call } = app.asAnonymous();
      const ids = Array.from({ length: 20 }, (_, index) => `order${index}`);
      await Promise.all(ids.map((id) => call.sales.place({ id })));
      await expect.poll(async () => (await call.mail.sent()).length).toBe(ids.length);
      const letters = await call.mail.sent();
      const worker = app.host("mail");
      const metrics = await (await fetch(`${worker.ops?.url}/metrics`)).text();
      expect(metrics).toContain('holon_jobs_failed{context="mail"} 0');
      expect(metrics).toMatch(/holon_work_attempts_total\{kind="job",context="mail",name="send",outcome="done"\} [1-9]/);
      expect(metrics).toMatch(/holon_work_attempts_total\{kind="event",context="mail",name="sales.placed",outcome="done"\} [1-9]/);
      expect(metrics).toContain('holon_queue_jobs{queue="jobs.mail",state="failed"} 0');
      expect(metrics).toMatch(/holon_outbox_lag_seconds\{context="mail"\} \d/);
      expect(letters.map(({ text }) => text).sort()).toEqual(ids.map((id) => `thanks for ${id}`).sort());
    } finally {
      await app.close();
    }
  });
});
