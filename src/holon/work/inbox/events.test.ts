import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { ANONYMOUS } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import { createQueueBackend, type QueuePlace } from "../queue/bull-backend.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../queue/redis-server.testing.ts";
import { ackQueue, eventQueue } from "./event-message.ts";
import { type EventsPlace, losing, openEventsPlace, QUICK } from "./events.testing.ts";

let place: EventsPlace;

beforeAll(async () => {
  place = await openEventsPlace();
});
afterAll(() => place?.end());

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

const allSettled = () => until(async () => (await place.unsettled()) === 0);
const effectsAre = (count: number) => until(async () => (await place.effects()).length >= count);
const noted = (count: number) => Array.from({ length: count }, (_, n) => ({ name: "paymentNoted", payload: { n } }));
const taken = (key: string, n: number) => ({ name: "paymentTaken", key, payload: { orderId: key, n } });

/** The numbers of the effects of one key, in the order in which they happened. */
const numbersOf = async (key: string) => (await place.effects()).filter((effect) => effect.key === key).map(({ n }) => n);

/** What events do on each backend. */
function behaves(openPlace: () => Promise<{ readonly place: QueuePlace; end(): Promise<void> }>): void {
  let opened: Awaited<ReturnType<typeof openPlace>>;
  let backend: QueueBackend;
  beforeAll(async () => {
    opened = await openPlace();
    backend = await createQueueBackend(opened.place, { log: silentLogger, clock: systemClock, prefix: "test" });
    await until(() => backend.reachable);
  });
  afterEach(async () => {
    await place.reset();
    for (const queue of [eventQueue("orders"), ackQueue("payments")]) await backend.inspect(queue).obliterate({ force: true });
  });
  afterAll(async () => {
    await backend?.close();
    await opened?.end();
  });

  it("have one effect each, however often they are sent", async () => {
    await place.startProducer(backend, { batchCount: 20 });
    await place.emitMany(200);
    await until(async () => (await place.sql`select 1 from payments.holon_deliveries where sent_count > 0`).length === 200);
    const messages = await backend.inspect(eventQueue("orders")).getJobs(["waiting"]);
    const copies = messages.flatMap(({ name, data }, n) => ["once", "twice"].map((more) => ({ id: `${more}-more-${n}`, name, data })));
    expect(copies).toHaveLength(20);
    await backend.add(eventQueue("orders"), copies);
    await place.startConsumer(backend);
    await effectsAre(200);
    await allSettled();
    await until(async () => (await backend.depth(eventQueue("orders"))).active === 0);
    expect((await place.effects()).map(({ n }) => n).sort((one, other) => one - other)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it("wait for a consumer that is down when they are emitted", async () => {
    await place.startProducer(backend);
    await place.emit(noted(20));
    await until(async () => (await backend.depth(eventQueue("orders"))).waiting > 0);
    expect(await place.unsettled()).toBe(20);
    await place.startConsumer(backend);
    await effectsAre(20);
    await allSettled();
    expect(await place.effects()).toHaveLength(20);
  });

  it("reach a consumer that is deployed alone and subscribes itself", async () => {
    await place.startProducer(backend, {}, []);
    await place.startConsumer(backend);
    await until(async () => (await place.sql`select 1 from payments.holon_subscribers`).length === 2);
    await place.emit(noted(3));
    await effectsAre(3);
    await allSettled();
    expect(await place.effects()).toHaveLength(3);
  });

  it("of one key have their effects in the order of their commits", async () => {
    await place.startProducer(backend, { batchCount: 3 });
    await place.startConsumer(backend, undefined, { concurrencyCount: 5 });
    await place.emit(Array.from({ length: 160 }, (_, n) => taken(`k${n % 8}`, n)));
    await effectsAre(160);
    await allSettled();
    const committed = await place.sql<
      { key: string; n: number }[]
    >`select ordered_key as key, (payload ->> 'n')::int as n from payments.holon_outbox order by ordered_key, key_number`;
    for (let key = 0; key < 8; key++) {
      const expected = committed.filter((row) => row.key === `k${key}`).map(({ n }) => n);
      expect(expected).toHaveLength(20);
      expect(await numbersOf(`k${key}`)).toEqual(expected);
    }
  });

  it("that come too early are held until their predecessor is done", async () => {
    let lost = 0;
    const producer = await place.startProducer(losing(backend, (queue) => queue === eventQueue("orders") && lost++ === 0));
    await place.startConsumer(backend);
    await place.emit([taken("a", 1)]);
    await until(() => lost === 1);
    await until(async () => (await place.sql`select 1 from payments.holon_deliveries where sent_at is not null`).length === 1);
    await place.emit([taken("a", 2)]);
    await until(async () => (await place.inbox()).some(({ state, number }) => state === "held" && number === 2));
    expect(await place.effects()).toEqual([]);
    await effectsAre(2);
    expect(await numbersOf("a")).toEqual([1, 2]);
    await allSettled();
    await producer.close();
  });

  it("of one key are read by one consumer at a time, so that neither can miss the other", async () => {
    let finish = false;
    await place.startProducer(backend);
    await place.startConsumer(backend, ({ event }) => (event.key === "a" ? until(() => finish) : undefined));
    await place.emit([taken("a", 1)]);
    await until(async () => (await backend.depth(eventQueue("orders"))).active === 1);
    await place.emitTogether([taken("a", 2), taken("b", 1)]);
    await until(async () => (await place.sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and wait_event = 'advisory'`).length > 0);
    await effectsAre(1);
    finish = true;
    await effectsAre(3);
    expect(await numbersOf("a")).toEqual([1, 2]);
    await allSettled();
  });

  it("whose handler keeps failing are tried as often as allowed, then parked with the reason, and block only their key, until they are released", async () => {
    const broken = { now: true };
    let tries = 0;
    await place.startProducer(backend);
    const consumer = await place.startConsumer(backend, ({ event }) => {
      if (event.key !== "bad" || !broken.now) return;
      tries++;
      throw new TypeError("it is broken");
    });
    await place.emit([taken("bad", 1)]);
    await place.emit([taken("bad", 2)]);
    await place.emit([taken("good", 1), taken("good", 2), ...noted(5)]);
    await effectsAre(7);
    await until(async () => (await consumer.parked.list()).length === 1);
    await allSettled();
    const [parked] = await consumer.parked.list();
    expect(parked).toMatchObject({
      name: "paymentTaken",
      key: "bad",
      keyNumber: 1,
      attempts: QUICK.attemptsCount,
      reason: "TypeError: it is broken",
      payload: { orderId: "bad", n: 1 },
    });
    expect((await place.inbox()).filter(({ state }) => state === "held").map(({ key, number }) => ({ key, number }))).toEqual([
      { key: "bad", number: 2 },
    ]);
    expect(tries).toBeGreaterThanOrEqual(QUICK.attemptsCount);
    broken.now = false;
    await consumer.parked.release(parked?.id ?? "");
    await effectsAre(9);
    expect(await numbersOf("bad")).toEqual([1, 2]);
  });

  it("that a stop leaves over of a message are handled by another process at once, and are not sent again", async () => {
    await place.startProducer(backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    const [entered, finish] = [{ is: false }, { is: false }];
    const stopping = await place.startConsumer(backend, () => {
      entered.is = true;
      return until(() => finish.is);
    });
    await place.emitTogether([taken("a", 1), taken("a", 2), ...noted(3)]);
    await until(() => entered.is);
    const stopped = stopping.close();
    finish.is = true;
    await stopped;
    expect([(await place.effects()).length, (await backend.depth(eventQueue("orders"))).waiting]).toEqual([1, 1]);
    await place.startConsumer(backend);
    await effectsAre(5);
    await allSettled();
    expect([(await place.effects()).length, await numbersOf("a")]).toEqual([5, [1, 2]]);
  });

  it("that are parked can be skipped, and the later ones of their key go on", async () => {
    await place.startProducer(backend);
    const consumer = await place.startConsumer(backend, ({ event }) => {
      if ((event.payload as { n: number }).n === 1) throw new TypeError("never");
    });
    await place.emit([taken("a", 1)]);
    await place.emit([taken("a", 2)]);
    await until(async () => (await consumer.parked.list()).length === 1);
    await consumer.parked.skip((await consumer.parked.list())[0]?.id ?? "");
    await effectsAre(1);
    expect(await numbersOf("a")).toEqual([2]);
    await expect(consumer.parked.skip("00000000-0000-4000-8000-000000000000")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("whose payload does not fit the contract are parked and listed, and block only their key", async () => {
    let handled = 0;
    await place.startProducer(backend);
    const consumer = await place.startConsumer(backend, () => void handled++);
    await place.emit([{ name: "paymentTaken", key: "a", payload: { orderId: "a", n: "one" } }]);
    await place.emit([taken("a", 2)]);
    await place.emit([taken("b", 1)]);
    await effectsAre(1);
    await until(async () => (await consumer.parked.list()).length === 1);
    await until(async () => (await place.inbox()).length === 3);
    expect(await place.effects()).toEqual([{ name: "paymentTaken", key: "b", n: 1 }]);
    expect((await consumer.parked.list())[0]).toMatchObject({ payload: { orderId: "a", n: "one" }, reason: expect.stringContaining("n: ") });
    expect(handled).toBe(1);
  });

  it("are not skipped if their transaction took its position early and commits late", async () => {
    await place.startProducer(backend);
    await place.startConsumer(backend);
    await place.emit([taken("early", 0)]);
    await effectsAre(1);
    await place.sql.begin(async (late) => {
      await late`insert into payments.holon_outbox (kind, name, payload, initiator) values ('event', 'paymentNoted', '{"n": 1}', '{"kind": "anonymous"}')`;
      await place.emit([taken("later", 2)]);
      await effectsAre(2);
      await until(async () => (await place.unsettled()) === 0);
    });
    await effectsAre(3);
    expect((await place.effects()).map(({ n }) => n)).toEqual([0, 2, 1]);
    await allSettled();
  });

  it("whose acknowledgement is lost are sent again, and have no second effect", async () => {
    let lost = 0;
    await place.startProducer(backend);
    await place.startConsumer(losing(backend, (queue) => queue === ackQueue("payments") && lost++ < 3));
    await place.emit(noted(10));
    await effectsAre(10);
    await allSettled();
    const [sent] = await place.sql<{ most: number }[]>`select max(sent_count)::int as most from payments.holon_deliveries`;
    expect(lost).toBeGreaterThanOrEqual(3);
    expect(sent?.most).toBeGreaterThan(1);
    expect(await place.effects()).toHaveLength(10);
  });

  it("that a queue lost are sent again soon, if nothing else is on the queues", async () => {
    let lost = 0;
    await place.startProducer(
      losing(backend, (queue) => queue === eventQueue("orders") && lost++ === 0),
      { resendLostMs: 50, resendMs: 600_000 },
    );
    await place.startConsumer(backend);
    await place.emit(noted(1));
    await effectsAre(1);
    await allSettled();
    // The event was lost and sent again, and perhaps once more while its acknowledgement was on no queue.
    expect(lost).toBeGreaterThanOrEqual(2);
    expect(await place.effects()).toHaveLength(1);
  });

  it("that a consumer is handling are not sent again soon", async () => {
    let looks = 0;
    const depth = (queue: string) => {
      looks++;
      return backend.depth(queue);
    };
    const looking = { ...losing(backend, () => false), depth };
    await place.startProducer(looking, { resendLostMs: 0, resendMs: 600_000 });
    let sent: { most: number } | undefined;
    await place.startConsumer(backend, async () => {
      await until(() => looks >= 10);
      [sent] = await place.sql<{ most: number }[]>`select max(sent_count)::int as most from payments.holon_deliveries`;
    });
    await place.emit(noted(1));
    await allSettled();
    expect(sent?.most).toBe(1);
  });

  it("of a transaction that rolls back reach no subscriber", async () => {
    await place.startProducer(backend);
    await place.startConsumer(backend);
    const scope = Scope.root({ principal: ANONYMOUS, caller: "test", deadlineAtMs: systemClock.monotonicMs() + 10_000 });
    const attempt = place.payments.transaction(scope, async (tx) => {
      await tx.appendEvent({ name: "paymentNoted", key: undefined, payload: { n: 99 } });
      throw new TypeError("no");
    });
    await expect(attempt).rejects.toThrow("no");
    await place.emit(noted(1));
    await effectsAre(1);
    await allSettled();
    expect((await place.effects()).map(({ n }) => n)).toEqual([0]);
  });

  it("that have no subscriber are settled at once", async () => {
    await place.startProducer(backend, {}, []);
    await place.emit(noted(2));
    await allSettled();
    expect(await place.sql`select 1 from payments.holon_deliveries`).toEqual([]);
  });
}

describe("events over queues on Postgres", () => {
  behaves(async () => ({ place: { kind: "postgres", url: place.url }, end: async () => {} }));
});

describe.skipIf(!hasRedis)("events over queues on Redis (left out where no redis-server is installed)", () => {
  let redis: TestRedis;
  behaves(async () => {
    redis = await startTestRedis();
    return { place: { kind: "redis", url: redis.url }, end: () => redis.stop() };
  });

  it("have one effect each although Redis is emptied twice meanwhile", async () => {
    const backend = await createQueueBackend({ kind: "redis", url: redis.url }, { log: silentLogger, clock: systemClock, prefix: "emptied" });
    await until(() => backend.reachable);
    const gate = { open: false };
    await place.startProducer(backend);
    await place.startConsumer(backend, async () => until(() => gate.open), { batchCount: 5 });
    for (let round = 0; round < 2; round++) {
      await place.emit(noted(100).map(({ name, payload }) => ({ name, payload: { n: payload.n + round * 100 } })));
      // The runs of the lost events go on, and may occupy all workers: in the second round the events still wait.
      await until(async () => (await backend.inspect(eventQueue("orders")).getJobCountByTypes("active", "waiting")) > 0);
      await redis.flush();
      gate.open = round === 1;
    }
    await effectsAre(200);
    await allSettled();
    const effects = await place.effects();
    await place.reset();
    await backend.close();
    expect(effects).toHaveLength(200);
  });

  it("are emitted while Redis is away, and arrive when it is back", async () => {
    const backend = await createQueueBackend({ kind: "redis", url: redis.url }, { log: silentLogger, clock: systemClock, prefix: "away" });
    await until(() => backend.reachable);
    await place.startProducer(backend);
    await place.startConsumer(backend);
    await redis.kill();
    await until(() => !backend.reachable);
    await place.emit(noted(50));
    expect(await place.unsettled()).toBe(50);
    await redis.start();
    await effectsAre(50);
    await allSettled();
    const effects = await place.effects();
    await place.reset();
    await backend.close();
    expect(effects).toHaveLength(50);
  });
});
