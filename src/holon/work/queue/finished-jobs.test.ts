import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FinishedJobs } from "./finished-jobs.ts";
import { startTestRedis, type TestRedis } from "./redis-server.testing.ts";

const DONE_COUNT = 2_300;

describe("jobs that are over", () => {
  let server: TestRedis;
  let connection: Redis;
  beforeAll(async () => {
    server = await startTestRedis();
    connection = new Redis(server.url, { maxRetriesPerRequest: null });
  });
  afterAll(async () => {
    connection?.disconnect();
    await server?.stop();
  });

  it("are kept for looking at, the latest 2000 of them", async () => {
    const queue = new Queue("many", { connection });
    await queue.addBulk(Array.from({ length: DONE_COUNT }, (_, n) => ({ name: "send", data: { n } })));
    const worker = new Worker("many", async () => {}, { connection, concurrency: 50 });
    let done = 0;
    await new Promise<void>((resolve) => {
      worker.on("completed", () => ++done === DONE_COUNT && resolve());
    });
    await worker.close();
    await new FinishedJobs((_, ask) => ask(queue)).look(["many"]);
    const counts = await queue.getJobCounts("completed");
    const [oldest] = await queue.getCompleted(1_999, 1_999);
    expect(counts["completed"]).toBe(2_000);
    expect(oldest?.data.n).toBeGreaterThan(200);
    await queue.close();
  });
});
