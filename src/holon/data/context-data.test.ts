import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { catalogueError } from "../kernel/holon-error.ts";
import { signal, until } from "./child.testing.ts";
import { testScope } from "./database.testing.ts";
import { contextRole } from "./migrate/migrate.ts";
import { orders, useOrders } from "./orders.testing.ts";
import { openSilentProxy } from "./silent-proxy.testing.ts";

const place = useOrders();

const ANNA = { email: "anna@example.test", amount: 3 };

async function insertAnna(): Promise<void> {
  await place.data.transaction(testScope(), ({ db }) => db.insert(orders).values(ANNA));
}

describe("a reader", () => {
  it("reads by select, by relations and by count", async () => {
    await insertAnna();
    const db = place.data.reader(testScope());
    expect(await db.select({ amount: orders.amount }).from(orders)).toEqual([{ amount: 3 }]);
    expect(await db.query.orders.findFirst({ columns: { email: true } })).toEqual({ email: "anna@example.test" });
    expect(await db.$count(orders)).toBe(1);
  });

  it("reads through common table expressions", async () => {
    await insertAnna();
    const db = place.data.reader(testScope());
    const cheap = db.$with("cheap").as(db.select({ email: orders.email }).from(orders).where(eq(orders.amount, 3)));
    expect(await db.with(cheap).select().from(cheap)).toEqual([{ email: "anna@example.test" }]);
  });

  it("has no way to write, in types and at run time", () => {
    const db = place.data.reader(testScope());
    expect(["insert", "update", "delete", "execute", "transaction"].filter((name) => name in db)).toEqual([]);
    expect(Object.keys(db.with())).toEqual(["select", "selectDistinct", "selectDistinctOn"]);
    // @ts-expect-error only a transaction can write
    expect(db.insert).toBeUndefined();
  });

  it("works as the context's role", async () => {
    const [row] = await place.data.reader(testScope()).select({ user: sql`current_user` }).from(sql`(select 1) as one`);
    expect(row).toEqual({ user: `${place.database.name}_orders` });
  });
});

describe("a transaction", () => {
  it("keeps nothing if its work throws, and throws the same error", async () => {
    const refusal = catalogueError("FORBIDDEN", "not today");
    const attempt = place.data.transaction(testScope(), async ({ db }) => {
      await db.insert(orders).values(ANNA);
      throw refusal;
    });
    await expect(attempt).rejects.toBe(refusal);
    expect(await place.sql`select * from orders.orders`).toEqual([]);
  });

  it("gives rows that a write returns, and the number of those that it changed", async () => {
    await insertAnna();
    const [returned, changed, raw] = await place.data.transaction(testScope(), async ({ db }) => [
      await db.update(orders).set({ amount: 4 }).returning({ amount: orders.amount }),
      (await db.update(orders).set({ amount: 5 })).count,
      [...(await db.execute(sql`select amount from orders.orders`))],
    ]);
    expect([returned, changed, raw]).toEqual([[{ amount: 4 }], 1, [{ amount: 5 }]]);
  });

  it("does not commit after a statement failed, even if the handler carries on", async () => {
    await insertAnna();
    const attempt = place.data.transaction(testScope(), async ({ db }) => {
      await db.update(orders).set({ amount: 99 });
      await db
        .insert(orders)
        .values(ANNA)
        .catch(() => {});
      return "fine";
    });
    await expect(attempt).rejects.toMatchObject({ code: "CONFLICT", details: { fields: ["email"] } });
    expect(await place.sql`select amount from orders.orders`).toEqual([{ amount: 3 }]);
  });

  it("refuses a second transaction of the same scope", async () => {
    const scope = testScope();
    const nested = place.data.transaction(scope, () => place.data.transaction(scope, async () => "inner"));
    await expect(nested).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(place.data.transaction(scope, async () => "after")).resolves.toBe("after");
  });

  it("refuses statements once it is over", async () => {
    const kept = await place.data.transaction(testScope(), async ({ db }) => ({ db }));
    await expect(kept.db.insert(orders).values(ANNA)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await place.sql`select * from orders.orders`).toEqual([]);
  });

  it("refuses events and jobs once it is over, which would be lost", async () => {
    const kept = await place.data.transaction(testScope(), async (tx) => ({ tx }));
    const late = [kept.tx.appendEvent({ name: "late", payload: {}, key: undefined }), kept.tx.appendJob({ name: "late", data: {}, options: {} })];
    const outcomes = await Promise.allSettled(late);
    expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason.message)).toEqual([
      expect.stringContaining("is over"),
      expect.stringContaining("is over"),
    ]);
  });

  it("is not opened by Drizzle", async () => {
    await place.data.transaction(testScope(), async ({ db }) => {
      expect(() => (db as unknown as { transaction(run: () => void): unknown }).transaction(() => {})).toThrow(/ctx\.transaction/);
    });
  });

  it("is run again after a deadlock", async () => {
    await place.sql`insert into orders.orders (email, amount) values ('a', 0), ('b', 0)`;
    let runs = 0;
    const both = signal<void>();
    const meet = (() => {
      let arrived = 0;
      return () => {
        arrived++;
        if (arrived === 2) both.resolve();
        return both.promise;
      };
    })();
    const add = (first: string, second: string) =>
      place.data.transaction(testScope(), async ({ db }) => {
        runs++;
        await db
          .update(orders)
          .set({ amount: sql`${orders.amount} + 1` })
          .where(eq(orders.email, first));
        await meet();
        await db
          .update(orders)
          .set({ amount: sql`${orders.amount} + 1` })
          .where(eq(orders.email, second));
      });
    await Promise.all([add("a", "b"), add("b", "a")]);
    // The repeated run may collide with the other transaction once more.
    expect(runs).toBeGreaterThan(2);
    expect(await place.sql`select email, amount from orders.orders order by email`).toEqual([
      { email: "a", amount: 2 },
      { email: "b", amount: 2 },
    ]);
  });

  it("fails with CONFLICT if each attempt meets a conflict", async () => {
    let runs = 0;
    const attempt = place.data.transaction(testScope(), async ({ db }) => {
      runs++;
      await db.execute(sql`do $$ begin raise exception 'forced' using errcode = '40001'; end $$`);
    });
    await expect(attempt).rejects.toMatchObject({ code: "CONFLICT" });
    expect(runs).toBe(4);
  });

  it("loses no update among 50 writers: the amount is the number of writes that succeeded", async () => {
    await place.sql`insert into orders.orders (email, amount) values ('counter', 0)`;
    const writers = Array.from({ length: 50 }, async () => {
      let done = 0;
      for (let time = 0; time < 10; time++) done += await increment();
      return done;
    });
    const succeeded = (await Promise.all(writers)).reduce((sum, done) => sum + done, 0);
    expect(await place.sql`select amount, version - 1 as changes from orders.orders`).toEqual([{ amount: succeeded, changes: succeeded }]);
    expect(succeeded).toBeGreaterThan(0);
  });
});

/** Reads, waits, and writes only if the version is still the one that was read. Returns 1 if it wrote, 0 if not. */
async function increment(): Promise<number> {
  const scope = testScope();
  const [row] = await place.data.reader(scope).select().from(orders).where(eq(orders.email, "counter"));
  const { amount, version } = row as typeof orders.$inferSelect;
  const changed = await place.data.transaction(scope, ({ db }) =>
    db
      .update(orders)
      .set({ amount: amount + 1, version: version + 1 })
      .where(sql`${orders.email} = 'counter' and ${orders.version} = ${version}`)
      .returning(),
  );
  return changed.length;
}

describe("a prepared query", () => {
  const amountOf = (email: string) =>
    place.data
      .prepared(testScope(), "amountOf", (db) => {
        built++;
        return db
          .select({ amount: orders.amount })
          .from(orders)
          .where(eq(orders.email, sql.placeholder("email")));
      })
      .execute({ email });
  let built = 0;

  it("is built once and answers for the values of each call", async () => {
    await place.sql`insert into orders.orders (email, amount) values ('a', 1), ('b', 2)`;
    const answers = await Promise.all(["a", "b", "c", "a"].map(amountOf));
    expect(answers).toEqual([[{ amount: 1 }], [{ amount: 2 }], [], [{ amount: 1 }]]);
    expect(built).toBe(1);
  });

  it("is prepared in the server", async () => {
    const data = place.open({ poolCount: 1 });
    const count = () => data.prepared(testScope(), "count", (db) => db.select({ n: sql<number>`count(*)::int` }).from(orders)).execute();
    const names = () =>
      data
        .prepared(testScope(), "names", (db) =>
          db.select({ n: sql<number>`count(*)::int` }).from(sql`pg_prepared_statements where statement like '%"orders"."orders"'`),
        )
        .execute();
    await count();
    await count();
    expect(await names()).toEqual([{ n: 1 }]);
  });

  it("takes relational queries too", async () => {
    await insertAnna();
    const find = place.data.prepared(testScope(), "find", (db) =>
      db.query.orders.findFirst({ where: eq(orders.email, sql.placeholder("email")), columns: { amount: true } }),
    );
    const found: { amount: number } | undefined = await find.execute({ email: ANNA.email });
    expect(found).toEqual({ amount: 3 });
  });
});

describe("the data of a context", () => {
  it("says how many connections are in use, and that the server answers", async () => {
    const data = place.open();
    await data.ping();
    expect(data.stats()).toEqual({ inUse: 0, waiting: 0, open: 1 });
    await data.transaction(testScope(), async ({ db }) => {
      await db.$count(orders);
      expect(data.stats()).toEqual({ inUse: 1, waiting: 0, open: 1 });
    });
  });

  it("pings a server by a connection of its own while all others are busy, and ends that connection", async () => {
    const data = place.open({ poolCount: 1 });
    const pids = async () =>
      (await place.sql`select pid from pg_stat_activity where application_name = 'holon orders' order by 1`).map(({ pid }) => pid);
    await data.transaction(testScope(), async ({ db }) => {
      await db.$count(orders);
      const before = await pids();
      await data.ping();
      expect(data.stats()).toEqual({ inUse: 1, waiting: 0, open: 1 });
      await until(async () => String(await pids()) === String(before));
    });
  });

  it("counts a server as alive if its answer came while this process was busy with something else", async () => {
    const data = place.open();
    await data.ping();
    const asked = data.ping();
    // postgres.js sends at the end of the tick in which it was called. The test goes on right after that, before any answer is read.
    for (let turn = 0; turn < 50; turn++) await undefined;
    await new Promise((resolve) => setImmediate(resolve));
    for (const endMs = performance.now() + 2_500; performance.now() < endMs; );
    await asked;
  });

  it("pings a server with a time limit of its own, however short the time is that calls wait for a connection", async () => {
    const proxy = await openSilentProxy(place.database.url, { delayMs: 30 });
    const data = place.open({ poolWaitMs: 10 }, { url: proxy.url });
    await data.ping();
    await data.close();
    proxy.close();
  });

  it("says that a server is silent while all connections wait for its answers", async () => {
    const proxy = await openSilentProxy(place.database.url);
    const data = place.open({ poolCount: 1 }, { url: proxy.url });
    const [holds, over] = [signal(), signal()];
    const held = data.transaction(testScope(), async ({ db }) => {
      await db.$count(orders);
      holds.resolve();
      await over.promise;
    });
    await holds.promise;
    proxy.silence();
    const outcome = await data.ping().catch((error: unknown) => error);
    proxy.close();
    over.resolve();
    await expect(held).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(outcome).toMatchObject({ code: "UNAVAILABLE" });
  });

  it("counts a server that has no room for one more connection as alive if its own are busy, and as away if it has none", async () => {
    await place.sql.unsafe(
      `create role one_at_most login password 'x' connection limit 1 in role "${await contextRole({ url: place.database.url, context: "orders" })}"`,
    );
    const url = new URL(place.database.url);
    [url.username, url.password] = ["one_at_most", "x"];
    const data = place.open({ poolCount: 1 }, { url: url.href });
    await data.transaction(testScope(), async ({ db }) => {
      await db.$count(orders);
      await data.ping();
    });
    const idle = place.open({ poolCount: 1 }, { url: url.href });
    await expect(idle.ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await Promise.all([data.close(), idle.close()]);
    await place.sql.unsafe("drop role one_at_most");
  });

  it("takes no work once it is closed", async () => {
    const data = place.open();
    await data.ping();
    await data.close();
    await expect(data.reader(testScope()).$count(orders)).rejects.toMatchObject({ code: "UNAVAILABLE", executed: "no" });
  });

  it("lets running statements end before it closes", async () => {
    const data = place.open();
    const slow = data.reader(testScope()).select({ slept: sql`pg_sleep(0.2)` }).from(sql`(select 1) as one`).execute();
    await place.isRunning("pg_sleep(0.2)");
    await data.close();
    await expect(slow).resolves.toHaveLength(1);
  });

  it("says that there is no server", async () => {
    const data = place.open({}, { url: "postgres://nobody@127.0.0.1:1/none" });
    await expect(data.ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(data.reader(testScope()).$count(orders)).rejects.toMatchObject({ code: "UNAVAILABLE", executed: "no" });
    expect(data.stats().inUse).toBe(0);
  });
});
