import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { signal, until } from "../../data/child.testing.ts";
import { sql } from "../../data/drizzle/sql.ts";
import { eventQueue } from "./event-message.ts";
import type { EventArguments } from "./event-routes.ts";
import { losing, useEventsPlace } from "./events.testing.ts";

const LOCK_MS = 300;

const place = useEventsPlace({ lockTimeoutMs: LOCK_MS });
beforeAll(async () => {
  await place.sql`create table orders.stock (n int primary key, left_count int not null)`;
  await place.sql`insert into orders.stock values (0, 100)`;
});

/** The ways in which events come together. */
const TOGETHER: readonly (readonly [how: string, bring: (count: number) => Promise<unknown>])[] = [
  ["come in one message", (count) => place.emitTogether(Array.from({ length: count }, (_, n) => ({ name: "paymentNoted", payload: { n } })))],
  [
    "are held",
    (count) => place.sql`
      insert into orders.holon_inbox (producer, event_id, name, position, state, payload, initiator, needs_surely, retry_at)
      select 'payments', gen_random_uuid(), 'paymentNoted', n, 'held', jsonb_build_object('n', n), '{"kind":"anonymous"}', false, now()
      from generate_series(1, ${count}) n`,
  ],
];
const doneAre = (count: number) => until(async () => (await place.inbox()).filter(({ state }) => state === "done").length === count);

/** Locks the rows of the stock, as another transaction does. Returns a function that unlocks them. */
async function keepStock(): Promise<() => Promise<unknown>> {
  const [isHeld, release] = [signal(), signal()];
  const holding = place.sql.begin(async (tx) => {
    await tx`update orders.stock set left_count = left_count`;
    isHeld.resolve();
    await release.promise;
  });
  await isHeld.promise;
  return () => {
    release.resolve();
    return holding;
  };
}

/** Keeps a key locked, as a process does that is frozen in the middle of a handler. */
function keptKey(key: string) {
  const [isKept, release] = [signal(), signal()];
  const since = new Set<string>();
  let keeping: Promise<unknown> = Promise.resolve();
  return {
    isKept: isKept.promise,
    keep() {
      keeping = place.sql.begin(async (tx) => {
        const lock = JSON.stringify(["holon inbox", "orders", "payments", "paymentTaken", key]);
        await tx`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`;
        isKept.resolve();
        await release.promise;
      });
    },
    /** Counts the transactions that were seen to wait for a key. */
    async waits(): Promise<number> {
      const rows = await place.sql<{ since: string }[]>`
        select xact_start::text as since from pg_stat_activity
        where wait_event_type = 'Lock' and wait_event = 'advisory' and datname = current_database()`;
      for (const row of rows) since.add(row.since);
      return since.size;
    },
    release() {
      release.resolve();
      return keeping;
    },
  };
}

/** Counts the transactions in which events were worked off. */
async function transactions(): Promise<number> {
  const [row] = await place.sql`select count(distinct xmin::text)::int as n from orders.holon_inbox where state = 'done'`;
  return row?.n;
}

describe("an event whose transaction is repeated after a deadlock", () => {
  it("is not counted as failed if the repeat does not get its key", async () => {
    const key = keptKey("a");
    let calls = 0;
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(place.backend, async ({ tx }) => {
      calls++;
      if (calls > 1) return;
      key.keep();
      // Another transaction waits for the key, and gets it when this transaction is rolled back.
      await until(async () => (await key.waits()) > 0);
      await tx.db.execute(sql`do $$ begin raise exception 'a deadlock' using errcode = '40P01'; end $$`);
    });
    await place.emit([{ name: "paymentTaken", key: "a", payload: { orderId: "a", n: 1 } }]);
    await key.isKept;
    await until(async () => (await key.waits()) > 1 || (await place.inbox()).length > 0);
    await key.release();
    await until(async () => (await place.inbox()).some(({ state }) => state === "done"));
    expect(await place.inbox()).toMatchObject([{ state: "done", attempts: 0 }]);
    expect(calls).toBe(2);
  });
});

describe("an event that does not get its key within the time of a handler", () => {
  const taken = (n: number) => ({ name: "paymentTaken", key: "a", payload: { orderId: "a", n } });

  it("is not counted as failed, and is handled after the one before it, which comes later", async () => {
    const key = keptKey("a");
    key.keep();
    await key.isKept;
    let isLost = false;
    const losesFirst = losing(place.backend, (queue) => {
      const loses = queue === eventQueue("orders") && !isLost;
      isLost ||= loses;
      return loses;
    });
    await place.startProducer(losesFirst, { resendMs: 1_000, resendLostMs: 1_000 });
    await place.emit([taken(1)]);
    await until(() => isLost);
    await place.startConsumer(place.backend, () => {}, { handlerMs: (2 * LOCK_MS) / 3 });
    await place.emit([taken(2)]);
    await until(async () => (await key.waits()) > 1 || (await place.inbox()).length > 0);
    await key.release();
    await doneAre(2);
    expect((await place.effects()).map(({ n }) => n)).toEqual([1, 2]);
    expect((await place.inbox()).map(({ attempts }) => attempts)).toEqual([0, 0]);
  });
});

describe("an event whose handler does not get a row in time", () => {
  it.each([1, 2])("is tried again until it gets the row, and is not parked, if %s came together", async (count) => {
    const release = await keepStock();
    let calls = 0;
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(
      place.backend,
      async ({ tx }) => {
        calls++;
        await tx.db.execute(sql`update orders.stock set left_count = left_count - 1`);
      },
      { attemptsCount: 2 },
    );
    await place.emitTogether(Array.from({ length: count }, (_, n) => ({ name: "paymentNoted", payload: { n } })));
    await until(() => calls >= 4 * count);
    await release();
    await doneAre(count);
    expect((await place.inbox()).map(({ attempts }) => attempts)).toEqual(Array.from({ length: count }, () => 0));
  });
});

describe("handlers of several events", () => {
  it.each(TOGETHER)("share no transaction that keeps rows longer than a part of the time for which others wait, if they %s", async (_how, bring) => {
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(place.backend, () => sleep(LOCK_MS / 2).then(() => {}));
    await bring(5);
    await doneAre(5);
    expect(await transactions()).toBe(5);
  });

  it.each(TOGETHER)("have a transaction each after one of them did not get a row in time, which is not counted, if they %s", async (_how, bring) => {
    const release = await keepStock();
    let timeouts = 0;
    const react = async ({ tx }: EventArguments): Promise<void> => {
      const taking = tx.db.execute(sql`update orders.stock set left_count = left_count - 1`);
      await taking.catch(async (error: unknown) => {
        timeouts++;
        await release();
        throw error;
      });
    };
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(place.backend, react);
    await bring(2);
    await doneAre(2);
    expect(timeouts).toBe(1);
    await bring(4);
    await doneAre(6);
    expect(await transactions()).toBe(6);
    expect((await place.inbox()).map(({ attempts }) => attempts)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
