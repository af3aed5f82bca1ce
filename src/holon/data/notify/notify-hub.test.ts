import postgres from "postgres";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { until } from "../child.testing.ts";
import { type ContextData, createContextData } from "../context-data.ts";
import { testLimits, testScope, useTestDatabase } from "../database.testing.ts";
import { contextRole, migrate } from "../migrate/migrate.ts";
import { createNotifyHub, type NotifyHub } from "./notify-hub.ts";

const place = useTestDatabase();
const hubs: NotifyHub[] = [];
const stores: ContextData[] = [];

/** The data of a context, as another process would open it. */
async function openProcess(context: string, url = place.database.url): Promise<{ readonly data: ContextData; readonly hub: NotifyHub }> {
  if (url === place.database.url) await migrate({ url, context });
  const hub = createNotifyHub({ clock: systemClock, log: silentLogger });
  return { data: await openData(context, hub, url), hub };
}

async function openData(context: string, hub: NotifyHub, url = place.database.url): Promise<ContextData> {
  const role = await contextRole({ url, context });
  const data = createContextData({ context, url, role, tables: {}, limits: testLimits(), clock: systemClock, log: silentLogger, hub });
  hubs.push(hub);
  stores.push(data);
  return data;
}

const emit = (data: ContextData): Promise<void> =>
  data.transaction(testScope(), (tx) => tx.appendEvent({ name: "orderPlaced", payload: {}, key: undefined }));

/** Counts how often a process is woken, from the moment when it certainly listens. */
async function countWakes(data: ContextData): Promise<() => number> {
  let count = 0;
  data.listenAppended(() => {
    count++;
  });
  await until(() => count > 0);
  return () => count;
}

async function asOwner<Result>(work: (sql: postgres.Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(place.database.url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const listening = (): Promise<number> =>
  asOwner(async (sql) => (await sql`select 1 from pg_stat_activity where application_name = 'holon listen' and datname = current_database()`).length);

const close = async (): Promise<void> => {
  await Promise.all(stores.splice(0).map((data) => data.close()));
  await Promise.all(hubs.splice(0).map((hub) => hub.close()));
};
afterEach(close);
afterAll(close);

describe("a commit that appended an event", () => {
  it("wakes the other processes of its context, and no other context", async () => {
    const [one, other, stranger] = [await openProcess("orders"), await openProcess("orders"), await openProcess("users")];
    const [wakes, strangers] = [await countWakes(other.data), await countWakes(stranger.data)];
    const [before, strangersBefore] = [wakes(), strangers()];
    await emit(one.data);
    await until(() => wakes() > before);
    await emit(stranger.data);
    await until(() => strangers() > strangersBefore);
    expect(strangers() - strangersBefore).toBe(1);
  });

  it("wakes its own process once, directly, even if no other process listens", async () => {
    const { data } = await openProcess("orders");
    const wakes = await countWakes(data);
    const before = wakes();
    await emit(data);
    expect(wakes() - before).toBe(1);
    const other = await countWakes((await openProcess("orders")).data);
    const otherBefore = other();
    await emit(data);
    await until(() => other() > otherBefore);
    expect(wakes() - before).toBe(2);
  });

  it("is announced in far fewer notifications than commits, and the last one is not lost", async () => {
    const [one, other] = [await openProcess("orders"), await openProcess("orders")];
    const wakes = await countWakes(other.data);
    const before = wakes();
    await Promise.all(Array.from({ length: 80 }, () => emit(one.data)));
    const afterMany = wakes();
    await one.data.close();
    await until(() => wakes() > before);
    expect(afterMany - before).toBeLessThan(40);
  });

  it("wakes processes whose context has a login of its own", async () => {
    await migrate({ url: place.database.url, context: "orders" });
    await asOwner(async (sql) => {
      await sql.unsafe(`create role notify_orders login password 'x'`);
    });
    try {
      await migrate({ url: place.database.url, context: "orders", role: "notify_orders" });
      const url = new URL(place.database.url);
      url.username = "notify_orders";
      url.password = "x";
      const [one, other] = [await openProcess("orders", url.href), await openProcess("orders", url.href)];
      const wakes = await countWakes(other.data);
      const before = wakes();
      await emit(one.data);
      await until(() => wakes() > before);
      expect(wakes()).toBeGreaterThan(before);
    } finally {
      await close();
      await asOwner((sql) => sql.unsafe("drop owned by notify_orders; drop role notify_orders"));
    }
  });
});

describe("the connection that listens", () => {
  it("is opened for the first listener, and is one for all contexts of a process", async () => {
    const { data, hub } = await openProcess("orders");
    await migrate({ url: place.database.url, context: "users" });
    const users = await openData("users", hub);
    await emit(data);
    expect([hub.size, await listening()]).toEqual([0, 0]);
    await Promise.all([countWakes(data), countWakes(users)]);
    expect([hub.size, await listening()]).toEqual([1, 1]);
  });

  it("is opened again if the server ends it, and then wakes all listeners once", async () => {
    const [one, other] = [await openProcess("orders"), await openProcess("orders")];
    const wakes = await countWakes(other.data);
    const before = wakes();
    await asOwner((sql) => sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holon listen'`);
    await until(() => wakes() > before);
    const reopened = wakes();
    await emit(one.data);
    await until(() => wakes() > reopened);
    expect(await listening()).toBe(1);
  });

  it("ends with its hub", async () => {
    const { data, hub } = await openProcess("orders");
    await countWakes(data);
    await hub.close();
    await until(async () => (await listening()) === 0);
    expect(hub.size).toBe(0);
  });
});
