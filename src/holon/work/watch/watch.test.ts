import { describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { numbers, take, useWatching } from "./watch.testing.ts";
import { newScope } from "./watching-process.testing.ts";

const place = useWatching();

/** A promise that must not settle yet is compared with this, after everything that could settle it has had its chance. */
const PENDING = Symbol("pending");

/** Inserts as a transaction of a context does, and delays its commit. */
async function openTransaction(n: number) {
  let end: (() => void) | undefined;
  let inserted = (): void => {};
  const ready = new Promise<void>((resolve) => {
    inserted = resolve;
  });
  const over = place.sql.begin(async (sql) => {
    await sql`insert into orders.holon_outbox (kind, name, payload, initiator) values ('event', 'orderNoted', ${sql.json({ n })}, '{}')`;
    const held = new Promise<void>((resolve) => {
      end = resolve;
    });
    inserted();
    await held;
  });
  await ready;
  return {
    async commit() {
      end?.();
      await over;
    },
  };
}

describe("a watcher", () => {
  it("gets events from when it began, and none from before", async () => {
    const running = await place.start();
    await running.note(1);
    const watcher = await running.open({ event: "orderNoted" });
    await running.note(2);
    await running.note(3);
    expect(await numbers(watcher, 2)).toEqual([2, 3]);
  });

  it("gets events that another process commits, without waiting for a poll", async () => {
    const [here, there] = [await place.start(), await place.start()];
    const watcher = await here.open({ event: "orderNoted" });
    await until(async () => (await place.sql`select 1 from pg_stat_activity where application_name = 'holon listen' and state = 'idle'`).length > 0);
    await there.note(1);
    expect(await numbers(watcher, 1)).toEqual([1]);
  });

  it("gets events that another operating-system process commits", async () => {
    const running = await place.start();
    const watcher = await running.open({ event: "orderNoted" });
    const child = await place.startChild();
    await child.note(1);
    await child.note(2);
    expect(await numbers(watcher, 2)).toEqual([1, 2]);
  });

  it("gets the events of its name and key only, parsed by the contract", async () => {
    const running = await place.start();
    const [one, all] = [await running.open({ event: "orderPlaced", key: "b" }), await running.open({ event: "orderPlaced" })];
    await running.note(0);
    await running.place("a", 1);
    await running.place("b", 2);
    expect((await take(one, 1)).map(({ data }) => data)).toEqual([{ orderId: "b", n: 2, note: "none" }]);
    expect(await numbers(all, 2)).toEqual([1, 2]);
  });

  it("shares no object with another one", async () => {
    const running = await place.start();
    const [one, other] = [await running.open({ event: "orderNoted" }), await running.open({ event: "orderNoted" })];
    await running.note(1);
    const [[mine], [theirs]] = [await take(one, 1), await take(other, 1)];
    expect(mine).toEqual(theirs);
    expect(mine?.data).not.toBe(theirs?.data);
  });

  it("does not get an event that no longer fits its contract, and goes on", async () => {
    const running = await place.start();
    const watcher = await running.open({ event: "orderNoted" });
    await running.data.transaction(newScope(), async (tx) => {
      await tx.appendEvent({ name: "orderNoted", payload: { n: "one" }, key: undefined });
      await tx.appendEvent({ name: "orderNoted", payload: { n: 2 }, key: undefined });
    });
    expect(await numbers(watcher, 1)).toEqual([2]);
  });

  it("is open when its promise resolves: it misses no event that is committed after that", async () => {
    const [here, there] = [await place.start(), await place.start()];
    for (let n = 0; n < 20; n++) {
      const writing = there.note(n);
      const watcher = await here.open({ event: "orderNoted" });
      const state = await place.sql<{ n: number }[]>`select (payload->>'n')::int as n from orders.holon_outbox`;
      await writing;
      await there.note(100);
      const [told] = await numbers(watcher, 1);
      expect([...state.map((row) => row.n), told]).toContain(n);
      await watcher.return();
    }
  });

  it("refuses an unknown event, a key for an event without one, and a key that is undefined by mistake", async () => {
    const running = await place.start();
    for (const request of [{ event: "toString" }, { event: "orderNoted", key: "a" }, { event: "orderPlaced", key: undefined }]) {
      await expect(running.open(request)).rejects.toMatchObject({ code: "INTERNAL" });
    }
  });
});

describe("a transaction that commits late", () => {
  it("holds back those with higher positions, and none is missed or out of order", async () => {
    const running = await place.start();
    const watcher = await running.open({ event: "orderNoted" });
    const late = await openTransaction(1);
    await running.note(2);
    const first = watcher.next();
    await until(
      async () => (await place.sql`select 1 from pg_stat_activity where query like '%pg_locks%' and application_name like 'holon%'`).length > 0,
    );
    expect(await Promise.race([first, Promise.resolve(PENDING)])).toBe(PENDING);
    await late.commit();
    expect([(await first).value, ...(await take(watcher, 1))].map((item) => item?.data)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("reaches a watcher that began while it was open, which gets nothing that was committed before it began", async () => {
    const [here, there] = [await place.start(), await place.start()];
    const late = await openTransaction(1);
    await there.note(2);
    const fresh = await here.open({ event: "orderNoted" });
    const second = await here.open({ event: "orderNoted" });
    await late.commit();
    await there.note(3);
    expect([await numbers(fresh, 2), await numbers(second, 2)]).toEqual([
      [1, 3],
      [1, 3],
    ]);
  });

  it("is not waited for when it was rolled back", async () => {
    const running = await place.start();
    const watcher = await running.open({ event: "orderNoted" });
    const rolledBack = place.sql.begin(async (sql) => {
      await sql`insert into orders.holon_outbox (kind, name, payload, initiator) values ('event', 'orderNoted', '{"n": 1}', '{}')`;
      throw new TypeError("rolled back");
    });
    await expect(rolledBack).rejects.toThrow("rolled back");
    await running.note(2);
    expect(await numbers(watcher, 1)).toEqual([2]);
  });

  it("delays no watcher while it writes elsewhere", async () => {
    const running = await place.start();
    const watcher = await running.open({ event: "orderNoted" });
    await place.sql.begin(async (sql) => {
      await sql`create table elsewhere (n int)`;
      await place.sql`select nextval('orders.holon_outbox_position_seq')`;
      await running.note(2);
      expect(await numbers(watcher, 1)).toEqual([2]);
      await sql`drop table elsewhere`;
    });
  });
});

describe("the tail of the outbox", () => {
  it("goes on after the server has ended the connection that listens", async () => {
    const [here, there] = [await place.start(), await place.start()];
    const watcher = await here.open({ event: "orderNoted" });
    await there.note(1);
    expect(await numbers(watcher, 1)).toEqual([1]);
    await place.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holon listen'`;
    await there.note(2);
    expect(await numbers(watcher, 1)).toEqual([2]);
  });

  it("goes on after the server has ended every connection", async () => {
    const running = await place.start({ pollMs: 50 });
    const watcher = await running.open({ event: "orderNoted" });
    await place.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'holon %'`;
    await until(async () =>
      running.note(1).then(
        () => true,
        () => false,
      ),
    );
    expect(await numbers(watcher, 1)).toEqual([1]);
  });

  it("serves a thousand watchers with one query a look, not with one for each", async () => {
    const running = await place.start();
    const watchers = await Promise.all(Array.from({ length: 1_000 }, (_, n) => running.open({ event: "orderPlaced", key: `k${n % 500}` })));
    await until(async () => (await place.sql`select 1 from pg_stat_activity where application_name = 'holon listen' and state = 'idle'`).length > 0);
    let statements = 0;
    const { statement } = running.data;
    Object.assign(running.data, {
      statement: (...args: Parameters<typeof statement>) => {
        statements++;
        return statement.apply(running.data, args);
      },
    });
    await running.data.transaction(newScope(), async (tx) => {
      for (let n = 0; n < 500; n++) await tx.appendEvent({ name: "orderPlaced", payload: { orderId: `k${n}`, n }, key: `k${n}` });
    });
    const seen = await Promise.all(watchers.map(async (watcher) => (await numbers(watcher, 1))[0]));
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, n) => n % 500));
    // 500 rows need three reads of up to 200. A notification, and a look that finds nothing, may come on top.
    expect(statements).toBeLessThan(10);
  });

  it("lets a thousand watchers resume at the same time", async () => {
    const running = await place.start();
    const { start } = await running.open({ event: "orderPlaced" });
    await running.data.transaction(newScope(), async (tx) => {
      for (let n = 0; n < 100; n++) await tx.appendEvent({ name: "orderPlaced", payload: { orderId: `k${n}`, n }, key: `k${n}` });
    });
    const seen = await Promise.all(
      Array.from(
        { length: 1_000 },
        async (_, n) => (await numbers(await running.open({ event: "orderPlaced", key: `k${n % 100}`, after: start }), 1))[0],
      ),
    );
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, n) => n % 100));
  });

  it("keeps few events for a watcher that does not ask for them, which reads the others when it does", async () => {
    const running = await place.start({ bufferCount: 10, readCount: 20 });
    const [slow, quick] = [await running.open({ event: "orderNoted" }), await running.open({ event: "orderNoted" })];
    for (let n = 0; n < 5; n++) {
      await running.data.transaction(newScope(), async (tx) => {
        for (let m = 0; m < 20; m++) await tx.appendEvent({ name: "orderNoted", payload: { n: n * 20 + m }, key: undefined });
      });
    }
    const all = Array.from({ length: 100 }, (_, n) => n);
    expect(await numbers(quick, 100)).toEqual(all);
    expect(await numbers(slow, 100)).toEqual(all);
    await running.note(100);
    expect([await numbers(slow, 1), await numbers(quick, 1)]).toEqual([[100], [100]]);
  });

  it("ends a watcher with its call: cancelled, over, or left", async () => {
    const running = await place.start();
    const [cancelled, over] = [newScope(), newScope()];
    const watchers = [
      await running.open({ event: "orderNoted" }, cancelled),
      await running.open({ event: "orderNoted" }, over),
      await running.open({ event: "orderNoted" }),
    ];
    const ends = watchers.map((watcher) => watcher.next());
    cancelled.cancel(catalogueError("CANCELLED", "The consumer has left."));
    over.release();
    await watchers[2]?.return();
    expect(await Promise.all(ends)).toEqual(Array.from({ length: 3 }, () => ({ done: true, value: undefined })));
    await expect(running.open({ event: "orderNoted" }, cancelled)).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("is not read while there is no watcher", async () => {
    const running = await place.start({ pollMs: 20 });
    const watcher = await running.open({ event: "orderNoted" });
    await watcher.return();
    const ended = newScope();
    const opening = running.open({ event: "orderNoted" }, ended);
    ended.cancel(catalogueError("CANCELLED", "The consumer has left."));
    await expect(opening).rejects.toMatchObject({ code: "CANCELLED" });
    const looks = async (): Promise<string> =>
      String(
        (
          await place.sql`select max(query_start) as at from pg_stat_activity where query like '%holon_outbox where position >%' and application_name like 'holon orders%'`
        )[0]?.["at"],
      );
    await until(() => running.data.stats().inUse === 0);
    const before = await looks();
    for (let count = 0; count < 20; count++) await place.sql`select pg_sleep(0.01)`;
    expect(await looks()).toBe(before);
  });
});
