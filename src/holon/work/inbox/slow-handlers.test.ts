import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { signal, until } from "../../data/child.testing.ts";
import type { EventArguments } from "./event-routes.ts";
import { listeningLog, useEventsPlace } from "./events.testing.ts";

const IDLE_MS = 1_000;

const place = useEventsPlace({ idleInTransactionMs: IDLE_MS });

const noted = (count: number) => Array.from({ length: count }, (_, n) => ({ name: "paymentNoted", payload: { n } }));
const numbers = async () => (await place.effects()).map(({ n }) => n).sort((one, other) => one - other);
const allSettled = () => until(async () => (await place.unsettled()) === 0);

describe("a handler that waits for longer than a transaction may stay open without a statement", () => {
  it("is called once, when its event comes", async () => {
    let calls = 0;
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(place.backend, async () => {
      calls++;
      await sleep(3 * IDLE_MS);
    });
    await place.emit(noted(1));
    await allSettled();
    expect(calls).toBe(1);
    expect(await place.inbox()).toMatchObject([{ state: "done" }]);
  });

  it("is called once more, when its event was held after a failure", async () => {
    let calls = 0;
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(place.backend, async () => {
      calls++;
      if (calls === 1) throw new TypeError("not yet");
      await sleep(3 * IDLE_MS);
    });
    await place.emit(noted(1));
    await until(async () => (await place.effects()).length === 1);
    await until(async () => (await place.inbox()).every(({ state }) => state === "done"));
    expect(calls).toBe(2);
  });
});

describe("handlers that together take longer than one of them may", () => {
  it("are called once each, when their events come in one message", async () => {
    let calls = 0;
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.emitMany(20);
    await until(async () => (await place.sql`select 1 from payments.holon_deliveries where sent_count > 0`).length === 20);
    await place.startConsumer(
      place.backend,
      async () => {
        calls++;
        await sleep(200);
      },
      { handlerMs: 3_000 },
    );
    await allSettled();
    expect(calls).toBe(20);
    expect(await numbers()).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it("are called once each, when some of their events wait for others of the same message", async () => {
    const calls: number[] = [];
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    for (const n of Array.from({ length: 12 }, (_, at) => at))
      await place.emit([{ name: "paymentTaken", key: `${n % 2}`, payload: { orderId: `${n % 2}`, n } }]);
    await place.startConsumer(
      place.backend,
      async ({ event }) => {
        calls.push((event.payload as { n: number }).n);
        await sleep(300);
      },
      { handlerMs: 3_000 },
    );
    await allSettled();
    await until(async () => (await place.inbox()).every(({ state }) => state === "done"));
    expect(calls.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 12 }, (_, n) => n));
    for (const key of ["0", "1"]) {
      const own = (await place.effects()).filter((effect) => effect.key === key).map(({ n }) => n);
      expect(own).toEqual(own.toSorted((one, other) => one - other));
    }
  });
});

describe("handlers of one message, when the process stops", () => {
  it("are not called any more, and the events that are done are acknowledged", async () => {
    let [calls, hasStopped] = [0, false];
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.emitMany(20);
    await until(async () => (await place.sql`select 1 from payments.holon_deliveries where sent_count > 0`).length === 20);
    const consumer = place.startConsumer(
      place.backend,
      async () => {
        calls++;
        void consumer
          .then((work) => work.close())
          .then(() => {
            hasStopped = true;
          });
        await sleep(100);
      },
      { handlerMs: 1_000_000 },
    );
    await until(() => hasStopped);
    expect(calls).toBe(1);
    expect(await place.inbox()).toMatchObject([{ state: "done" }]);
    await until(async () => (await place.unsettled()) === 19);
  });
});

/** Puts events of one name, each of another key, into the inbox in this order: held and due. */
async function holdDue(count: number): Promise<void> {
  await place.sql`
    insert into orders.holon_inbox (producer, event_id, name, position, ordered_key, key_number, state, payload, initiator, retry_at)
    select 'payments', gen_random_uuid(), 'paymentTaken', n + 1, n::text, 1, 'held', jsonb_build_object('orderId', n::text, 'n', n), '{"kind":"anonymous"}',
      now() - interval '1 hour' + n * interval '1 second' from generate_series(0, ${count - 1}) n`;
}

describe("two handlers that together take longer than one of them may", () => {
  const handlerMs = 8_000;
  /** The second call begins before a quarter of the time is over, and takes most of the time. */
  function takingTurns() {
    const calls: number[] = [];
    const react = async ({ event }: EventArguments) => {
      const { n } = event.payload as { n: number };
      calls.push(n);
      await sleep(n === 0 ? 0.2 * handlerMs : 0.85 * handlerMs);
    };
    return { calls, react };
  }
  // One counted failure parks an event, so a failure that another handler caused would be seen.
  const limits = { handlerMs, attemptsCount: 1 };

  it("have the whole time each, when their events are held", async () => {
    await holdDue(2);
    const { calls, react } = takingTurns();
    await place.startConsumer(place.backend, react, limits);
    await until(async () => (await place.inbox()).every(({ state }) => state !== "held"));
    expect((await place.inbox()).map(({ state, attempts }) => ({ state, attempts }))).toEqual([
      { state: "done", attempts: 0 },
      { state: "done", attempts: 0 },
    ]);
    expect(calls).toEqual([0, 1]);
  });

  it("have the whole time each, when their events come in one message", async () => {
    const { calls, react } = takingTurns();
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.emitTogether(noted(2));
    await until(async () => (await place.sql`select 1 from payments.holon_deliveries where sent_count > 0`).length === 2);
    await place.startConsumer(place.backend, react, limits);
    await until(async () => (await place.effects()).length === 2);
    expect(calls).toEqual([0, 1]);
  });
});

describe("a handler that hangs", () => {
  /** Hangs at each `paymentTaken` until the gate opens. */
  function hanging() {
    const gate = signal();
    const hung = { count: 0 };
    const react = async ({ event }: EventArguments) => {
      if (event.name !== "paymentTaken") return;
      hung.count++;
      await gate.promise;
    };
    return { gate, hung, react };
  }
  const taken = (count: number) => Array.from({ length: count }, (_, n) => ({ name: "paymentTaken", key: `${n}`, payload: { orderId: `${n}`, n } }));
  const notedEffects = async () => (await place.effects()).filter(({ name }) => name === "paymentNoted").length;
  const limits = { handlerMs: 1_000, attemptsCount: 1_000 };

  it("delays held events of other names only for as long as it may take", async () => {
    const { gate, hung, react } = hanging();
    await place.sql`
      insert into orders.holon_inbox (producer, event_id, name, position, ordered_key, key_number, state, payload, initiator, retry_at)
      select 'payments', gen_random_uuid(), case when n <= 30 then 'paymentTaken' else 'paymentNoted' end, n, case when n <= 30 then n::text end,
        case when n <= 30 then 1 end, 'held', jsonb_build_object('orderId', n::text, 'n', n), '{"kind":"anonymous"}', now() - interval '1 hour' + n * interval '1 second'
      from generate_series(1, 40) n`;
    await place.startConsumer(place.backend, react, limits);
    await until(async () => (await notedEffects()) === 10);
    expect(hung.count).toBeLessThanOrEqual(3);
    gate.resolve();
    await until(async () => (await place.inbox()).every(({ state }) => state === "done"));
  });

  it("delays the message of its events, and those behind it, only for as long as one handler may take", async () => {
    const { gate, hung, react } = hanging();
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.emit([...taken(20), ...noted(10)]);
    await until(async () => (await place.sql`select 1 from payments.holon_deliveries where sent_count > 0`).length === 30);
    await place.startConsumer(place.backend, react, { ...limits, concurrencyCount: 1 });
    await allSettled();
    expect(hung.count).toBeLessThanOrEqual(6);
    await until(async () => (await notedEffects()) === 10);
    expect(hung.count).toBeLessThanOrEqual(8);
    gate.resolve();
    await until(async () => (await place.inbox()).every(({ state }) => state === "done"));
    expect(await numbers()).toHaveLength(30);
  });

  it("is named with its error in the log and in its event, and the events beside it get the reason that it was another handler", async () => {
    const warnings: { readonly fields: object; readonly text: string }[] = [];
    const gate = signal();
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.emitTogether(noted(3));
    await until(async () => (await place.sql`select 1 from payments.holon_deliveries where sent_count > 0`).length === 3);
    const before = ({ event }: EventArguments) => ((event.payload as { n: number }).n === 1 ? gate.promise : undefined);
    await place.startOlderConsumer(place.backend, { before, limits, log: listeningLog(warnings) });
    let rows: Awaited<ReturnType<typeof place.inbox>> = [];
    await until(async () => {
      rows = await place.inbox();
      return rows.length === 3;
    });
    const others = expect.stringMatching(/^The handler of another event took too long/);
    const own = expect.stringMatching(
      /^The handler of this event took long and failed.*DEADLINE_EXCEEDED: The handler of an event took longer than 1000 ms/,
    );
    expect(rows.map(({ reason }) => reason)).toEqual([others, own, others]);
    expect(warnings.find(({ text }) => text.includes("took long and failed"))?.fields).toMatchObject({
      err: { code: "DEADLINE_EXCEEDED" },
      event: "payments.paymentNoted",
      eventId: rows[1]?.id,
    });
    gate.resolve();
  });

  it("is counted as a failure of its held event, and of none beside it, until the event is parked", async () => {
    await holdDue(3);
    const { gate, react } = hanging();
    const consumer = await place.startConsumer(place.backend, (args) => (args.event.key === "1" ? react(args) : undefined), {
      handlerMs: 1_000,
      attemptsCount: 2,
    });
    await until(async () => (await consumer.parked.list()).length === 1);
    await until(async () => (await place.effects()).length === 2);
    expect((await place.inbox()).map(({ key, state, attempts }) => ({ key, state, attempts }))).toEqual([
      { key: "0", state: "done", attempts: 0 },
      { key: "1", state: "parked", attempts: 2 },
      { key: "2", state: "done", attempts: 0 },
    ]);
    gate.resolve();
  });
});
