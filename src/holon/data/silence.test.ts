import { Socket } from "node:net";
import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../kernel/clock.ts";
import { catalogueError, HolonError } from "../kernel/holon-error.ts";
import { silentLogger } from "../kernel/log.ts";
import type { Scope } from "../kernel/scope.ts";
import { signal, until } from "./child.testing.ts";
import { testScope } from "./database.testing.ts";
import { NotifyHub } from "./notify/notify-hub.ts";
import { orders, useOrders } from "./orders.testing.ts";
import { openSilentProxy, type SilentProxy } from "./silent-proxy.testing.ts";

const place = useOrders();
const LATE = catalogueError("DEADLINE_EXCEEDED", "too late");
const LONG_MS = 600_000;
const ONE = sql`(select 1) as one`;

const opened: SilentProxy[] = [];
afterEach(() => {
  for (const proxy of opened.splice(0)) proxy.close();
});

async function behindProxy(poolCount = 2) {
  const proxy = await openSilentProxy(place.database.url);
  opened.push(proxy);
  return { proxy, data: place.open({ poolCount }, { url: proxy.url }) };
}

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Sockets of this process to a port, closed or not: Node keeps them until the other side has ended them too. */
function socketsTo(port: number): number {
  const handles = (process as unknown as { _getActiveHandles(): readonly object[] })._getActiveHandles();
  return handles.filter((handle) => handle instanceof Socket && handle.remotePort === port).length;
}

describe("a server that goes silent", () => {
  it("during a statement: the caller gets the error at once, and the place is free although the request to cancel is not answered either", async () => {
    const { proxy, data } = await behindProxy();
    const scope = testScope(LONG_MS);
    const reading = data.reader(scope).select({ slept: sql`pg_sleep(401)` }).from(ONE).execute();
    await place.isRunning("pg_sleep(401)");
    proxy.silence();
    scope.cancel(LATE);
    await expect(reading).rejects.toBe(LATE);
    await until(() => data.stats().inUse === 0);
    expect(data.stats()).toMatchObject({ inUse: 0, open: 0 });
    await place.sql`select pg_cancel_backend(pid) from pg_stat_activity where query like '%pg_sleep(401)%' and pid <> pg_backend_pid()`;
  });

  it("before a rollback: the caller gets the handler's error, and the place is free", async () => {
    const { proxy, data } = await behindProxy();
    const writing = data.transaction(testScope(LONG_MS), async ({ db }) => {
      await db.insert(orders).values({ email: "a", amount: 1 });
      proxy.silence();
      throw new TypeError("no");
    });
    await expect(writing).rejects.toThrow("no");
    await until(() => data.stats().inUse === 0);
    expect(data.stats()).toMatchObject({ open: 0 });
  });

  it("during a statement that nothing waits for, before a rollback: the caller gets the handler's error, and the place is free", async () => {
    const { proxy, data } = await behindProxy();
    const writing = data.transaction(testScope(LONG_MS), async ({ db }) => {
      await db.insert(orders).values({ email: "a", amount: 1 });
      proxy.silence();
      db.execute(sql`select 1`).catch(() => {});
      throw new TypeError("no");
    });
    await expect(writing).rejects.toThrow("no");
    await until(() => data.stats().inUse === 0);
  });

  it("during a commit: the caller learns that its outcome is not known, and what was committed is there", async () => {
    const { proxy, data } = await behindProxy();
    const scope = testScope(LONG_MS);
    const returned = signal();
    const writing = data.transaction(scope, async ({ db }) => {
      await db.insert(orders).values({ email: "committed", amount: 1 });
      proxy.silence("answers");
      returned.resolve();
    });
    const outcome = errorOf(writing);
    await returned.promise;
    await until(async () => (await place.sql`select 1 from orders.orders where email = 'committed'`).length > 0);
    scope.cancel(LATE);
    const error = await outcome;
    expect(error).toMatchObject({ code: "UNAVAILABLE", executed: "maybe" });
    expect((error as HolonError).message).toContain("whether it took effect is not known");
    await until(() => data.stats().inUse === 0);
  });

  it("as a connection begins: the caller gets UNAVAILABLE, and the place is free", async () => {
    const begin = async (question: string): Promise<void> => {
      const { proxy, data } = await behindProxy();
      proxy.silenceAt(question);
      const reading = data.reader(testScope(LONG_MS)).select({ one: sql`1` }).from(ONE).execute();
      expect(await errorOf(reading)).toMatchObject({ code: "UNAVAILABLE" });
      expect(data.stats()).toMatchObject({ inUse: 0, open: 0 });
      proxy.silenceAt(undefined);
      await expect(data.reader(testScope()).$count(orders)).resolves.toBe(0);
    };
    // The steps of an opening: the packet with the user's name, the statement that reads the types, and our first statement.
    await Promise.all(["user", "typarray", "select 1"].map(begin));
  });

  it("while connections are idle: the ping fails on one, and the others are not handed out either", async () => {
    const { proxy, data } = await behindProxy(3);
    await Promise.all(Array.from({ length: 3 }, () => data.reader(testScope()).select({ slept: sql`pg_sleep(0.2)` }).from(ONE)));
    expect(data.stats()).toMatchObject({ inUse: 0, open: 3 });
    proxy.silence();
    await expect(data.ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    proxy.speak("stay silent");
    await expect(data.reader(testScope(LONG_MS)).$count(orders)).resolves.toBe(0);
    expect(data.stats()).toMatchObject({ inUse: 0, open: 1 });
  });

  it("after a commit that is announced to other processes: the announcement is given up", async () => {
    const { proxy } = await behindProxy();
    const hub = new NotifyHub({ clock: systemClock, log: silentLogger });
    const data = place.open({ poolCount: 2 }, { url: proxy.url, hub });
    await data.ping();
    data.leftWork();
    proxy.silence();
    data.leftWork();
    await until(() => proxy.heldBytes > 0);
    await until(() => data.stats().inUse === 0);
    await data.close();
    await hub.close();
  });

  it("after a call that had claimed a key: the release of the key is given up", async () => {
    const { proxy, data } = await behindProxy();
    const key = { principal: "p", procedure: "q", key: "k", requestHash: "h", wait: false };
    const claim = await data.claim(testScope(), key);
    expect(claim.kind).toBe("claimed");
    proxy.silence();
    if (claim.kind === "claimed") await claim.release();
    await until(() => data.stats().inUse === 0);
  });

  it("before or during an urgent statement, while a transaction keeps the only place: the caller gets the error at once, and the next one works", async () => {
    const { proxy, data } = await behindProxy(1);
    const ask = (scope: Scope) => data.statement(scope, { text: "select 411", params: [], prepare: false, rows: "objects", isUrgent: true });
    const [holds, over] = [signal(), signal()];
    const kept = data.transaction(testScope(LONG_MS), async ({ db }) => {
      await db.$count(orders);
      holds.resolve();
      await over.promise;
    });
    await holds.promise;
    for (const question of ["user", "select 411"]) {
      const held = proxy.heldBytes;
      proxy.silenceAt(question);
      const scope = testScope(LONG_MS);
      const asked = ask(scope);
      await until(() => proxy.heldBytes > held);
      scope.cancel(LATE);
      await expect(asked).rejects.toBe(LATE);
      proxy.silenceAt(undefined);
      await until(() => data.stats().open === 1);
      await expect(ask(testScope())).resolves.toHaveLength(1);
    }
    over.resolve();
    await kept;
    expect(data.stats()).toEqual({ inUse: 0, waiting: 0, open: 1 });
    await expect.poll(() => socketsTo(proxy.port)).toBe(1);
  });

  it("leaves no socket open, neither after a connection is cut nor after the pool is closed", async () => {
    const { proxy, data } = await behindProxy(2);
    const slept = () => data.reader(testScope()).select({ slept: sql`pg_sleep(0.1)` }).from(ONE);
    await Promise.all([slept(), slept()]);
    expect(socketsTo(proxy.port)).toBe(2);
    proxy.silence();
    await expect(data.ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect.poll(() => socketsTo(proxy.port)).toBe(0);
    proxy.speak("stay silent");
    await slept();
    expect(socketsTo(proxy.port)).toBe(1);
    proxy.silence();
    await data.close();
    await expect.poll(() => socketsTo(proxy.port)).toBe(0);
  });
});

describe("a ping whose answer comes as its time ends", () => {
  it("gives its place back once", async () => {
    const pools = await Promise.all(Array.from({ length: 40 }, () => behindProxy(1)));
    for (const { data, proxy } of pools) {
      await data.ping();
      proxy.silence("answers");
    }
    const outcomes = [];
    for (const { data, proxy } of pools) {
      outcomes.push(errorOf(data.ping()));
      // The answer is sent one tick after the pool gives it up, so it is read before the connection is cut.
      setTimeout(() => setImmediate(() => proxy.speak()), 2_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const given = await Promise.all(outcomes);
    expect(given.some((error) => error instanceof HolonError && error.code === "UNAVAILABLE")).toBe(true);
    await until(() => pools.every(({ data }) => data.stats().inUse <= 0));
    expect(pools.map(({ data }) => data.stats().inUse)).toEqual(pools.map(() => 0));
  });
});
