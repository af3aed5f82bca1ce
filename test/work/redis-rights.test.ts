import { testApp } from "holon/testing";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { contracts, createWorkApp } from "./app.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
  const admin = new Redis(redis.url);
  await admin.call("ACL", "SETUSER", "plain", "on", ">secret", "~*", "&*", "+@all", "-@dangerous");
  await admin.call("ACL", "SETUSER", "reader", "on", ">secret", "~*", "&*", "+@all", "-@scripting");
  admin.disconnect();
});
afterAll(() => redis.stop());

function urlFor(user: string, path = ""): string {
  const url = new URL(redis.url);
  url.username = user;
  url.password = "secret";
  url.pathname = path;
  return url.href;
}

describe("a process that may not do everything on its Redis", () => {
  it("works with a user without dangerous commands", async () => {
    const app = await testApp(createWorkApp(), { contracts, topology: "together", redisUrl: urlFor("plain") });
    try {
      const { call } = app.asAnonymous();
      await call.sales.place({ id: "one" });
      await expect.poll(async () => (await call.mail.sent()).length).toBe(1);
    } finally {
      await app.close();
    }
  });

  it.each([
    ["the user may not run scripts", "reader", "", /NOPERM/],
    ["the password is wrong", "nobody", "", /WRONGPASS/],
    ["the database number does not exist", "plain", "/99", /DB index/],
  ])("starts, takes orders and reports the refusal if %s", async (_, user, path, refusal) => {
    const app = await testApp(createWorkApp(), { contracts, topology: "together", redisUrl: urlFor(user, path) });
    try {
      await app.asAnonymous().call.sales.place({ id: "one" });
      const degraded = () => app.host("mail").readiness().degraded?.join("\n") ?? "";
      await expect.poll(degraded).toMatch(refusal);
      expect(degraded()).toContain("REDIS_URL");
      expect(degraded()).not.toContain("secret");
    } finally {
      await app.close();
    }
  });
});
