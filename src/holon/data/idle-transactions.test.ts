import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { until } from "./child.testing.ts";
import { testScope } from "./database.testing.ts";
import { orders, useOrders } from "./orders.testing.ts";

const IDLE_MS = 1_000;
const place = useOrders({ poolCount: 2, idleInTransactionMs: IDLE_MS });

describe("a transaction in which no statement runs for longer than the server lets it stay open", () => {
  it("commits, if the deadline of its scope is later", async () => {
    await place.data.transaction(testScope(60_000), async ({ db }) => {
      await db.insert(orders).values({ email: "a", amount: 1 });
      await sleep(3 * IDLE_MS);
    });
    expect(await place.sql`select email from orders.orders`).toEqual([{ email: "a" }]);
  });

  it("reports the statement that failed, if one did before", async () => {
    const writing = place.data.transaction(testScope(60_000), async ({ db }) => {
      const row = { email: "a", amount: 1 };
      await db
        .insert(orders)
        .values([row, row])
        .catch(() => {});
      await sleep(3 * IDLE_MS);
    });
    await expect(writing).rejects.toMatchObject({ code: "CONFLICT", details: { fields: ["email"] } });
  });

  it("ends at the deadline of its scope, even if its handler never returns: its place is free", async () => {
    const left = place.data.transaction(testScope(2 * IDLE_MS), async ({ db }) => {
      await db.insert(orders).values({ email: "a", amount: 1 });
      await new Promise(() => {});
    });
    await expect(left).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await until(async () => place.data.stats().inUse === 0);
    expect(await place.sql`select email from orders.orders`).toEqual([]);
  });

  it("is ended by the server if its process is frozen: what it has locked is free", async () => {
    const writing = place.data.transaction(testScope(60_000), async ({ db }) => {
      await db.insert(orders).values({ email: "a", amount: 1 });
      // Blocks the only thread, as if the process were stopped.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * IDLE_MS);
    });
    await expect(writing).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await place.sql`select email from orders.orders`).toEqual([]);
  });
});
