import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { catalogueError } from "../kernel/holon-error.ts";
import type { Scope } from "../kernel/scope.ts";
import { signal, until } from "./child.testing.ts";
import { testScope } from "./database.testing.ts";
import { orders, useOrders } from "./orders.testing.ts";
import { openSilentProxy } from "./silent-proxy.testing.ts";

const place = useOrders({ poolCount: 2, statementTimeoutMs: 600_000 });

const LATE = catalogueError("DEADLINE_EXCEEDED", "too late");
/** A time longer than a test may take, so that only a cancel ends the statement. */
const LONG_MS = 600_000;
const ONE = sql`(select 1) as one`;

describe("when its scope is cancelled", () => {
  it("a reading statement stops in the server, and the caller gets the scope's reason", async () => {
    const scope = testScope(LONG_MS);
    const reading = place.data.reader(scope).select({ slept: sql`pg_sleep(300)` }).from(ONE).execute();
    await place.isRunning("pg_sleep(300)");
    scope.cancel(LATE);
    await expect(reading).rejects.toBe(LATE);
    await place.isNotRunning("pg_sleep(300)");
  });

  it("a prepared query stops in the server", async () => {
    const scope = testScope(LONG_MS);
    const reading = place.data
      .prepared(scope, "sleep", (db) => db.select({ slept: sql`pg_sleep(${sql.placeholder("seconds")} + 301)` }).from(ONE))
      .execute({ seconds: 1 });
    await place.isRunning("+ 301");
    scope.cancel(LATE);
    await expect(reading).rejects.toBe(LATE);
    await place.isNotRunning("+ 301");
  });

  it("a transaction stops in the server and leaves nothing", async () => {
    const scope = testScope(LONG_MS);
    const writing = place.data.transaction(scope, async ({ db }) => {
      await db.insert(orders).values({ email: "a", amount: 1 });
      await db.execute(sql`select pg_sleep(302)`);
    });
    await place.isRunning("pg_sleep(302)");
    scope.cancel(LATE);
    await expect(writing).rejects.toBe(LATE);
    await place.isNotRunning("pg_sleep(302)");
    expect(await place.sql`select * from orders.orders`).toEqual([]);
  });

  it("a transaction that waits for something else is rolled back, and its handler cannot write after that", async () => {
    const scope = testScope(LONG_MS);
    const waiting = signal<void>();
    const inserted = signal<void>();
    const after = signal<unknown>();
    const writing = place.data.transaction(scope, async ({ db }) => {
      await db.insert(orders).values({ email: "a", amount: 1 });
      inserted.resolve();
      await waiting.promise;
      after.resolve(
        await db
          .insert(orders)
          .values({ email: "b", amount: 1 })
          .catch((error: unknown) => error),
      );
    });
    await inserted.promise;
    scope.cancel(LATE);
    await expect(writing).rejects.toBe(LATE);
    waiting.resolve();
    expect(await after.promise).toBe(LATE);
    expect(await place.sql`select * from orders.orders`).toEqual([]);
  });

  it("its connections serve the next calls", async () => {
    for (let round = 0; round < 20; round++) {
      const scope = testScope(LONG_MS);
      const reading = place.data.reader(scope).select({ slept: sql`pg_sleep(303)` }).from(ONE).execute();
      await place.isRunning("pg_sleep(303)");
      scope.cancel(LATE);
      await expect(reading).rejects.toBe(LATE);
      await place.data.reader(testScope()).$count(orders);
    }
    expect(place.data.stats()).toMatchObject({ open: 2 });
  });

  it("a statement that ends by itself meanwhile does not leave its cancel request to the next one", async () => {
    const data = place.open({ poolCount: 1 });
    const short = (scope: Scope) => data.reader(scope).select({ slept: sql`pg_sleep(0.001)` }).from(ONE).execute();
    for (let round = 0; round < 200; round++) {
      const scope = testScope(LONG_MS);
      const reading = short(scope).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, round % 3));
      scope.cancel(LATE);
      await reading;
      for (let next = 0; next < 3; next++) await short(testScope());
    }
  });

  it("between two messages of a statement, the server is asked again to cancel it", async () => {
    const proxy = await openSilentProxy(place.database.url, { delayMs: 50 });
    const data = place.open({ poolCount: 1, statementTimeoutMs: LONG_MS }, { url: proxy.url });
    await data.ping();
    const scope = testScope(LONG_MS);
    // A new text with a parameter takes two messages: the first one parses it, and after its answer the second one runs it.
    const reading = data
      .reader(scope)
      .select({ slept: sql`pg_sleep(${307})` })
      .from(ONE)
      .execute();
    const failing = expect(reading).rejects.toBe(LATE);
    await place.isRunning("pg_sleep($1)");
    scope.cancel(LATE);
    await failing;
    await until(() => data.stats().inUse === 0);
    expect(data.stats()).toMatchObject({ open: 1 });
    await data.close();
    proxy.close();
  });

  it("no statement is sent any more", async () => {
    const scope = testScope(LONG_MS);
    scope.cancel(LATE);
    await expect(place.data.reader(scope).$count(orders)).rejects.toBe(LATE);
    await expect(place.data.transaction(scope, async () => "ran")).rejects.toBe(LATE);
  });

  it("at the moment of sending a statement, the connection is not lost", async () => {
    const data = place.open({ poolCount: 1 });
    for (let turns = 0; turns < 60; turns++) {
      const scope = testScope(LONG_MS);
      const reading = data
        .reader(scope)
        .$count(orders)
        .then(
          () => LATE,
          (error: unknown) => error,
        );
      for (let turn = 0; turn < turns; turn++) await undefined;
      scope.cancel(LATE);
      expect(await reading).toBe(LATE);
      await data.reader(testScope()).$count(orders);
    }
  });

  it("while connecting, the connection is kept for others", async () => {
    const data = place.open({ poolCount: 1 });
    const scope = testScope(LONG_MS);
    const reading = data
      .reader(scope)
      .$count(orders)
      .then(
        () => {},
        (error: unknown) => error,
      );
    await Promise.resolve();
    scope.cancel(LATE);
    expect(await reading).toBe(LATE);
    await expect(data.reader(testScope()).$count(orders)).resolves.toBe(0);
  });
});

describe("when its scope is not cancelled", () => {
  it("a transaction's statement ends at the deadline by the server's own clock", async () => {
    const writing = place.data.transaction(testScope(200), ({ db }) => db.execute(sql`select pg_sleep(304)`));
    await expect(writing).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await place.isNotRunning("pg_sleep(304)");
  });

  it("a reading statement ends at the longest time that a statement may take", async () => {
    const data = place.open({ statementTimeoutMs: 200 });
    await expect(data.reader(testScope()).select({ slept: sql`pg_sleep(305)` }).from(ONE)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });
});

describe("when a connection is lost", () => {
  const kill = (pid: number) => place.sql`select pg_terminate_backend(${pid})`;
  const pidIn = async (db: { execute(query: ReturnType<typeof sql>): PromiseLike<unknown> }) =>
    ((await db.execute(sql`select pg_backend_pid() as pid`)) as { pid: number }[])[0]?.pid as number;

  it("the rest of its transaction is refused, and not run outside of it", async () => {
    const writing = place.data.transaction(testScope(), async ({ db }) => {
      await kill(await pidIn(db));
      await db
        .insert(orders)
        .values({ email: "a", amount: 1 })
        .catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
      await db
        .insert(orders)
        .values({ email: "b", amount: 1 })
        .catch(() => {});
    });
    await expect(writing).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await place.sql`select * from orders.orders`).toEqual([]);
  });

  it("in the middle of a statement, the caller gets UNAVAILABLE and the next call works", async () => {
    const data = place.open({ poolCount: 1 });
    const reading = data.reader(testScope()).select({ slept: sql`pg_sleep(306)` }).from(ONE).execute();
    const failing = expect(reading).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await place.isRunning("pg_sleep(306)");
    await place.sql`select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(306)%' and pid <> pg_backend_pid()`;
    await failing;
    await expect(data.reader(testScope()).$count(orders)).resolves.toBe(0);
    expect(data.stats()).toEqual({ inUse: 0, waiting: 0, open: 1 });
  });

  it("while idle, it is not handed out", async () => {
    const data = place.open({ poolCount: 1 });
    await data.ping();
    await place.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holon orders' and state = 'idle'`;
    await expect.poll(() => data.stats().open).toBe(0);
    await expect(data.reader(testScope()).$count(orders)).resolves.toBe(0);
  });
});
