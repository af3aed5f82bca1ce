import { afterEach, describe, expect, it } from "vitest";
import { signal, until } from "./child.testing.ts";
import type { ContextData } from "./context-data.ts";
import { testScope } from "./database.testing.ts";
import { contextRole } from "./migrate/migrate.ts";
import { type tables, useOrders } from "./orders.testing.ts";
import { openSilentProxy, type SilentProxy } from "./silent-proxy.testing.ts";

const place = useOrders();
const LONG_MS = 600_000;

const opened: SilentProxy[] = [];
const releases: (() => void)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0)) release();
  for (const proxy of opened.splice(0)) proxy.close();
});

/** A pool with this many slots. A transaction holds each of them until the returned function is called. */
async function fullPool(poolCount: number, limits: object = {}, url?: string) {
  const data = place.open({ poolCount, ...limits }, url === undefined ? {} : { url });
  const over = signal();
  releases.push(over.resolve);
  const kept = Array.from({ length: poolCount }, async () => {
    const holds = signal();
    const ended = data.transaction(testScope(LONG_MS), async ({ run }) => {
      await run({ text: "select 1", params: [], prepare: false, rows: "arrays" });
      holds.resolve();
      await over.promise;
    });
    await holds.promise;
    return ended.catch(() => {});
  });
  await until(() => data.stats().open === poolCount);
  return { data, end: () => Promise.all([over.resolve(), ...kept]) };
}

const ask = (data: ContextData<typeof tables>, text = "select pg_backend_pid() as pid, current_user::text as role", scope = testScope()) =>
  data.statement(scope, { text, params: [], prepare: false, rows: "objects", isUrgent: true }) as Promise<{ pid: number; role: string }[]>;

const connections = async (): Promise<number> => {
  const [row] = await place.sql<{ count: number }[]>`select count(*)::int as count from pg_stat_activity where application_name = 'holon orders'`;
  return row?.count ?? 0;
};

describe("an urgent statement", () => {
  it("takes a place of the pool while one is free", async () => {
    const data = place.open({ poolCount: 1 });
    const pids = [(await ask(data))[0]?.pid, (await ask(data))[0]?.pid];
    expect([pids[0], data.stats()]).toEqual([pids[1], { inUse: 0, waiting: 0, open: 1 }]);
    await data.close();
  });

  it("runs on one connection more while transactions keep all places, in the role of the context, and that connection is ended", async () => {
    const { data, end } = await fullPool(2);
    const before = await connections();
    const [row] = await ask(data);
    expect(row?.role).toBe((await contextRole({ url: place.database.url, context: "orders" })) ?? "postgres");
    expect(data.stats()).toEqual({ inUse: 2, waiting: 0, open: 2 });
    await until(async () => (await connections()) === before);
    await end();
    await data.close();
  });

  it("does not wait behind statements that wait for a place, and is not refused if too many do", async () => {
    const { data, end } = await fullPool(1, { poolWaitingCount: 1 });
    const one = { text: "select 1", params: [], prepare: false, rows: "objects" } as const;
    const waiting = data.statement(testScope(), one).catch(() => {});
    await expect(data.statement(testScope(), one)).rejects.toMatchObject({ code: "OVERLOADED" });
    expect(await ask(data)).toHaveLength(1);
    expect(data.stats()).toMatchObject({ waiting: 1 });
    await end();
    await waiting;
    await data.close();
  });

  it("shares that connection with others: there is only one more, however many come at once", async () => {
    const { data, end } = await fullPool(1);
    const before = await connections();
    const seen = await Promise.all(
      Array.from({ length: 5 }, () =>
        ask(data, "select count(*)::int as pid, '' as role from pg_stat_activity where application_name = 'holon orders'"),
      ),
    );
    expect(Math.max(...seen.map(([row]) => row?.pid ?? 0))).toBeLessThanOrEqual(before + 1);
    await end();
    await data.close();
  });

  it("waits for a place if the server has no room for one connection more", async () => {
    await place.sql.unsafe(
      `create role one_at_most login password 'x' connection limit 1 in role "${await contextRole({ url: place.database.url, context: "orders" })}"`,
    );
    const url = new URL(place.database.url);
    [url.username, url.password] = ["one_at_most", "x"];
    const { data, end } = await fullPool(1, {}, url.href);
    const asked = ask(data);
    await until(() => data.stats().waiting === 1);
    await end();
    expect(await asked).toHaveLength(1);
    await data.close();
    await place.sql.unsafe("drop role one_at_most");
  });

  it("is not executed if its connection cannot be opened, and says so", async () => {
    await place.sql.unsafe(
      `create role locked_out login password 'x' in role "${await contextRole({ url: place.database.url, context: "orders" })}"`,
    );
    const url = new URL(place.database.url);
    [url.username, url.password] = ["locked_out", "x"];
    const { data, end } = await fullPool(1, {}, url.href);
    await place.sql.unsafe("alter role locked_out nologin");
    await expect(ask(data)).rejects.toMatchObject({ code: "UNAVAILABLE", executed: "no" });
    await end();
    await data.close();
    await place.sql.unsafe("drop role locked_out");
  });

  it("is refused once the pool is closed, also while its connection is being opened", async () => {
    const proxy = await openSilentProxy(place.database.url);
    opened.push(proxy);
    const { data, end } = await fullPool(1, {}, proxy.url);
    proxy.silenceAt("user");
    const asked = ask(data);
    await until(() => proxy.heldBytes > 0);
    const closed = data.close();
    await expect(asked).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(ask(data)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await end();
    await closed;
  });
});
