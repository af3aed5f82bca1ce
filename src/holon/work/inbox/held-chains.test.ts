import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { signal, until } from "../../data/child.testing.ts";
import type { EventArguments } from "./event-routes.ts";
import { useEventsPlace } from "./events.testing.ts";

// With this long lock timeout, a transaction takes as many events as it is allowed to, even on a busy machine.
const place = useEventsPlace({ lockTimeoutMs: 60_000 });

/** Events of one key, each waiting for the one before it. The first of them is due. */
async function hold(key: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, at) => ({ id: randomUUID(), number: at + 1, payload: { orderId: key, n: at + 1 } }));
  await place.sql`
    insert into orders.holon_inbox (producer, event_id, name, position, ordered_key, key_number, state, payload, initiator, needs, needs_surely, retry_at)
    select 'payments', r.id, 'paymentTaken', r.number, ${key}, r.number, 'held', r.payload, '{"kind":"anonymous"}', nullif(r.number - 1, 0), r.number > 1,
      case when r.number = 1 then now() end
    from jsonb_to_recordset(${place.sql.json(rows)}) as r (id uuid, number bigint, payload jsonb)`;
}

const effectsOf = async (key: string) => (await place.effects()).filter((effect) => effect.key === key).map(({ n }) => n);
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

/** A handler that hangs at one event of a key. It notes its calls for that key. */
function hangingAt(key: string, at: number, calls: number[]): (args: EventArguments) => Promise<void> | void {
  return ({ event }) => {
    const { n } = event.payload as { n: number };
    if (event.key !== key) return;
    calls.push(n);
    return n === at ? new Promise(() => {}) : undefined;
  };
}

/** Counts the transactions in which events of a key were worked off. */
async function transactionsOf(key: string): Promise<number> {
  const [row] = await place.sql`select count(distinct xmin::text)::int as n from orders.holon_inbox where ordered_key = ${key} and state = 'done'`;
  return row?.["n"] as number;
}

describe("events of one key that wait one behind the other", () => {
  it("are worked off many in one transaction, in their order", async () => {
    await hold("a", 200);
    await place.startConsumer(place.backend);
    await until(async () => (await effectsOf("a")).length === 200);
    expect(await effectsOf("a")).toEqual(upTo(200));
    expect(await transactionsOf("a")).toBeLessThanOrEqual(8);
  });

  it("are worked off with those of many other keys in one transaction, each key in its order", async () => {
    const keys = Array.from({ length: 60 }, (_, n) => `key ${n}`);
    for (const key of keys) await hold(key, 3);
    await place.startConsumer(place.backend);
    await until(async () => (await place.effects()).length === 180);
    for (const key of keys) expect(await effectsOf(key)).toEqual([1, 2, 3]);
    const [row] = await place.sql`select count(distinct xmin::text)::int as n from orders.holon_inbox where state = 'done'`;
    expect(row?.["n"]).toBeLessThanOrEqual(12);
  });

  it("are handled, each once, beside one of another key that always fails", async () => {
    const keys = Array.from({ length: 20 }, (_, n) => `key ${n}`);
    for (const key of keys) await hold(key, 2);
    const consumer = await place.startConsumer(
      place.backend,
      ({ event }) => {
        if (event.key === "key 7") throw new TypeError("never");
      },
      { attemptsCount: 3 },
    );
    await until(async () => (await consumer.parked.list()).length === 1);
    await until(async () => (await place.effects()).length === 38);
    for (const key of keys) expect(await effectsOf(key)).toEqual(key === "key 7" ? [] : [1, 2]);
    expect((await place.inbox()).filter(({ attempts }) => attempts > 0).map(({ key, attempts }) => ({ key, attempts }))).toEqual([
      { key: "key 7", attempts: 3 },
    ]);
  });

  it("go on up to one that fails, which alone is tried again; those behind it wait", async () => {
    await hold("a", 20);
    let isMended = false;
    const consumer = await place.startConsumer(
      place.backend,
      ({ event }) => {
        if (!isMended && (event.payload as { n: number }).n === 12) throw new TypeError("not yet");
      },
      { attemptsCount: 2 },
    );
    await until(async () => (await consumer.parked.list()).length === 1);
    expect(await effectsOf("a")).toEqual(upTo(11));
    const attempts = (await place.inbox()).filter((row) => row.attempts > 0).map(({ number }) => number);
    expect(attempts).toEqual([12]);
    isMended = true;
    const [parked] = await consumer.parked.list();
    await consumer.parked.release(parked?.id ?? "");
    await until(async () => (await effectsOf("a")).length === 20);
    expect(await effectsOf("a")).toEqual(upTo(20));
  });

  it("go on up to one whose handler hangs, in few transactions, not in one for each", async () => {
    await hold("a", 12);
    const calls: number[] = [];
    await place.startConsumer(place.backend, hangingAt("a", 12, calls), { handlerMs: 4_000, attemptsCount: 20 });
    await until(async () => (await effectsOf("a")).length === 11);
    // On a busy machine a transaction ends before it reaches the last event. On an idle one, two calls are enough.
    expect(calls.filter((n) => n === 11).length).toBeLessThanOrEqual(5);
    expect(await transactionsOf("a")).toBeLessThanOrEqual(5);
  });

  it("go on beside those of another key up to one whose handler hangs, which alone is tried again", async () => {
    await hold("a", 3);
    await hold("b", 1);
    const calls: number[] = [];
    const consumer = await place.startConsumer(place.backend, hangingAt("a", 2, calls), { handlerMs: 1_000, attemptsCount: 3 });
    await until(async () => (await consumer.parked.list()).length === 1);
    expect((await consumer.parked.list()).map(({ keyNumber, attempts }) => ({ keyNumber, attempts }))).toEqual([{ keyNumber: 2, attempts: 3 }]);
    expect((await place.effects()).map(({ key, n }) => `${key}${n}`).sort()).toEqual(["a1", "b1"]);
    expect(calls.filter((n) => n === 2)).toHaveLength(3);
    expect(calls.filter((n) => n === 1).length).toBeLessThanOrEqual(2);
  });

  it.each([1, 3])("are tried again one by one if their commit fails, which is counted for the first that fails: of %s", async (count) => {
    await hold("a", count);
    // This trigger checks at the commit, like a deferred constraint.
    await place.sql`create function orders.refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$`;
    await place.sql.unsafe(`create constraint trigger refuse after insert on orders.effects deferrable initially deferred
      for each row when (new.n = ${count}) execute function orders.refuse()`);
    try {
      const consumer = await place.startConsumer(place.backend, undefined, { attemptsCount: 2 });
      await until(async () => (await consumer.parked.list()).length === 1);
      expect(await effectsOf("a")).toEqual(upTo(count - 1));
      expect((await consumer.parked.list()).map(({ keyNumber, attempts }) => ({ keyNumber, attempts }))).toEqual([{ keyNumber: count, attempts: 2 }]);
    } finally {
      await place.sql`drop function orders.refuse() cascade`;
    }
  });

  it("delay no other key while another process is working on them", async () => {
    const gate = signal();
    const entered = signal();
    const before: Parameters<typeof place.startConsumer>[1] = async ({ event }) => {
      if (event.key !== "slow") return;
      entered.resolve();
      await gate.promise;
    };
    // This is longer than the test, so the key stays locked until the gate opens.
    const limits = { handlerMs: 300_000 };
    await hold("slow", 1);
    await place.startConsumer(place.backend, before, limits);
    await entered.promise;
    await hold("a", 3);
    await place.startConsumer(place.backend, before, limits);
    await until(async () => (await effectsOf("a")).length === 3);
    expect(await effectsOf("slow")).toEqual([]);
    gate.resolve();
    await until(async () => (await effectsOf("slow")).length === 1);
  });

  it("hold up no other key, if their commit fails each time with an error that passes by itself", async () => {
    await hold("a", 1);
    await hold("b", 1);
    await place.sql`update orders.holon_inbox set retry_at = now() - interval '1 hour' where ordered_key = 'a'`;
    await place.sql`create function orders.refuse() returns trigger language plpgsql as $$ begin raise exception 'too busy' using errcode = '57014'; end $$`;
    await place.sql.unsafe(`create constraint trigger refuse after insert on orders.effects deferrable initially deferred
      for each row when (new.key = 'a') execute function orders.refuse()`);
    try {
      await place.startConsumer(place.backend);
      await until(async () => (await effectsOf("b")).length === 1);
      expect(await effectsOf("a")).toEqual([]);
    } finally {
      await place.sql`drop function orders.refuse() cascade`;
    }
    await until(async () => (await effectsOf("a")).length === 1);
  });

  it("wait behind one whose payload does not fit, which is parked", async () => {
    await hold("a", 10);
    await place.sql`update orders.holon_inbox set payload = '{"orderId": 5}' where key_number = 4`;
    const consumer = await place.startConsumer(place.backend);
    await until(async () => (await consumer.parked.list()).length === 1);
    expect(await effectsOf("a")).toEqual([1, 2, 3]);
    const [parked] = await consumer.parked.list();
    await consumer.parked.skip(parked?.id ?? "");
    await until(async () => (await effectsOf("a")).length === 9);
    expect(await effectsOf("a")).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10]);
  });
});
