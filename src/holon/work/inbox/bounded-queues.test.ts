import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { signal, until } from "../../data/child.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { silentLogger } from "../../kernel/log.ts";
import { markOrigin } from "../../kernel/origin.ts";
import { createQueueBackend, type QueuePlace } from "../queue/bull-backend.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../queue/redis-server.testing.ts";
import { ackQueue, type EventBatch, eventQueue } from "./event-message.ts";
import { type EventsPlace, openEventsPlace, subscribing } from "./events.testing.ts";

const QUEUE = eventQueue("orders");
const COUNT = 3_000;
const WINDOW = { queueCount: 20, batchCount: 50 };

let place: EventsPlace;
beforeAll(async () => {
  place = await openEventsPlace();
});
afterAll(() => place.end());

/** Counts how often the length of a queue is read. The sweep reads it at each look. */
function counting(backend: QueueBackend, looks: { count: number }): QueueBackend {
  return Object.create(backend, {
    reachable: { get: () => backend.reachable },
    add: { value: backend.add.bind(backend), writable: true },
    work: { value: backend.work.bind(backend) },
    backlog: { value: (queue: string) => backend.backlog(queue) },
    handlingMs: { value: (queue: string) => backend.handlingMs(queue) },
    depth: {
      value: (queue: string) => {
        looks.count++;
        return backend.depth(queue);
      },
    },
  }) as QueueBackend;
}

function behaves(openPlace: () => Promise<{ readonly place: QueuePlace; end(): Promise<void> }>): void {
  let opened: Awaited<ReturnType<typeof openPlace>>;
  let backend: QueueBackend;
  beforeAll(async () => {
    opened = await openPlace();
    backend = await createQueueBackend(opened.place, { log: silentLogger, clock: systemClock, prefix: "bounded" });
    await until(() => backend.reachable);
  });
  afterEach(async () => {
    await place.reset();
    for (const queue of [QUEUE, ackQueue("payments")]) await backend.inspect(queue).obliterate({ force: true });
  });
  afterAll(async () => {
    await backend?.close();
    await opened?.end();
  });

  /** The positions of all events that wait on the queue. */
  async function waiting(): Promise<number[]> {
    const jobs = await backend.inspect(QUEUE).getJobs(["waiting"]);
    return jobs.flatMap(({ data }) => (data as EventBatch).events.map(({ position }) => position));
  }

  it("holds a bounded number of messages for a subscriber that is down, each event once, and all arrive when it is back", async () => {
    const looks = { count: 0 };
    await place.startProducer(counting(backend, looks), { ...WINDOW, resendMs: 500, resendLostMs: 500 });
    await place.emitMany(COUNT);
    await until(async () => (await place.sql`select 1 from payments.holon_outbox where sent_count = 0 limit 1`).length === 0);
    // By then, events that count as lost would have been sent again long ago.
    await until(async () => (await backend.backlog(QUEUE)).waitedMs > 3_000);
    const before = looks.count;
    await until(() => looks.count > before + 10);
    const positions = await waiting();
    expect((await backend.depth(QUEUE)).waiting).toBeLessThanOrEqual(WINDOW.queueCount);
    expect(positions.length).toBe(WINDOW.queueCount * WINDOW.batchCount);
    expect(new Set(positions).size).toBe(positions.length);

    await place.startConsumer(backend);
    await until(async () => (await place.unsettled()) === 0);
    expect((await place.effects()).length).toBe(COUNT);
  });

  it("holds each event once while others come behind it", async () => {
    const looks = { count: 0 };
    await place.startProducer(counting(backend, looks), { resendMs: 2_000, resendLostMs: 2_000 });
    let emitted = 0;
    const emitOne = () => place.emit([{ name: "paymentNoted", payload: { n: emitted++ } }]);
    await emitOne();
    // By then, events that count as lost would have been sent again long ago.
    const isOld = () => place.sql`select 1 from payments.holon_deliveries where sent_at < now() - interval '6 seconds'`;
    while ((await isOld()).length === 0) {
      const before = looks.count;
      await emitOne();
      await until(() => looks.count > before);
    }
    await until(async () => (await place.sql`select 1 from payments.holon_outbox where sent_count = 0 limit 1`).length === 0);
    expect(await place.sql`select sent_count, count(*)::int from payments.holon_deliveries group by 1`).toEqual([{ sent_count: 1, count: emitted }]);
  });

  it("does not get an event again while its message is being handled", async () => {
    const looks = { count: 0 };
    const release = signal();
    await place.startProducer(counting(backend, looks), { resendMs: 1_000, resendLostMs: 1_000 });
    await place.startConsumer(backend, () => release.promise);
    await place.emitMany(3);
    await until(async () => (await backend.handlingMs(QUEUE)) > 3_000);
    const before = looks.count;
    await until(() => looks.count > before + 10);
    release.resolve();
    await until(async () => (await place.unsettled()) === 0);
    expect(await place.sql`select sent_count, count(*)::int from payments.holon_deliveries group by 1`).toEqual([{ sent_count: 1, count: 3 }]);
  });

  it("gets again what it lost when it is emptied while the subscriber is down", async () => {
    await place.startProducer(backend, { ...WINDOW, resendMs: 600_000, resendLostMs: 100 });
    await place.emitMany(COUNT);
    await until(async () => (await waiting()).length === WINDOW.queueCount * WINDOW.batchCount);
    await backend.inspect(QUEUE).obliterate({ force: true });
    await until(async () => (await waiting()).length > 0);
    await place.startConsumer(backend);
    await until(async () => (await place.unsettled()) === 0);
    expect((await place.effects()).length).toBe(COUNT);
  });
}

describe("a queue of events on Postgres", () => {
  behaves(async () => ({ place: { kind: "postgres", url: place.url }, end: async () => {} }));
});

describe.skipIf(!hasRedis)("a queue of events on Redis", () => {
  let redis: TestRedis;
  behaves(async () => {
    redis = await startTestRedis();
    return { place: { kind: "redis", url: redis.url }, end: () => redis.stop() };
  });

  it("reads nothing of the outbox while Redis is away, and gets all events when Redis is back", async () => {
    const backend = await createQueueBackend({ kind: "redis", url: redis.url }, { log: silentLogger, clock: systemClock, prefix: "asks" });
    try {
      await until(() => backend.reachable);
      await place.startProducer(backend);
      await redis.kill();
      await until(() => !backend.reachable);
      await place.emitMany(500);
      const writes = () => place.sql`select position, xmin::text from payments.holon_outbox order by position`;
      const before = [...(await writes())];
      // Each of these events wakes the publisher.
      for (let n = 0; n < 30; n++) await place.emit([{ name: "paymentNoted", payload: { n } }]);
      const after = [...(await writes())].slice(0, before.length);
      expect(after).toEqual(before);
      expect(await place.sql`select 1 from payments.holon_deliveries`).toEqual([]);

      await redis.start();
      await place.startConsumer(backend);
      await until(async () => (await place.unsettled()) === 0);
      expect((await place.effects()).length).toBe(530);
    } finally {
      await place.reset();
      await backend.close();
    }
  });

  it("is tried with one row of the outbox while it refuses new messages", async () => {
    const backend = await createQueueBackend({ kind: "redis", url: redis.url }, { log: silentLogger, clock: systemClock, prefix: "refuses" });
    try {
      await until(() => backend.reachable);
      const full = { is: true, tries: 0 };
      const refusing = counting(backend, { count: 0 });
      refusing.add = async (queue, jobs) => {
        if (!full.is) return backend.add(queue, jobs);
        full.tries++;
        throw markOrigin(catalogueError("UNAVAILABLE", "OOM command not allowed"), { layer: "queue", isPassing: true });
      };
      await place.startProducer(refusing);
      await place.emitMany(500);
      await until(() => full.tries >= 3);
      const afterFirst = await place.sql`select max(position)::int as p from payments.holon_deliveries`;
      const [first] = await place.sql<{ xmin: string }[]>`select xmin::text from payments.holon_outbox where position = ${afterFirst[0]?.["p"]}`;
      await until(() => full.tries >= 5);
      const [later] = await place.sql<{ xmin: string }[]>`select xmin::text from payments.holon_outbox where position = ${afterFirst[0]?.["p"]}`;
      expect(later).toEqual(first);
      full.is = false;
      await place.startConsumer(backend);
      await until(async () => (await place.unsettled()) === 0);
      expect((await place.effects()).length).toBe(500);
    } finally {
      await place.reset();
      await backend.close();
    }
  });

  it("that refuses messages does not make another, slow queue get its messages twice", async () => {
    const backend = await createQueueBackend({ kind: "redis", url: redis.url }, { log: silentLogger, clock: systemClock, prefix: "slow" });
    const slow = signal();
    try {
      await until(() => backend.reachable);
      const refusing = counting(backend, { count: 0 });
      let [tries, adding, most] = [0, 0, 0];
      refusing.add = async (queue, jobs) => {
        if (queue === QUEUE && ++tries === 1) throw new TypeError("OOM command not allowed");
        most = Math.max(most, queue === QUEUE ? 0 : ++adding);
        if (queue !== QUEUE) await slow.promise;
        adding -= queue === QUEUE ? 0 : 1;
        return backend.add(queue, jobs);
      };
      await place.startProducer(refusing, {}, [...subscribing, ...subscribing.map((orders) => ({ ...orders, name: "mails" }))]);
      await place.emitMany(1);
      await until(() => adding === 1);
      // This is far longer than the time until the next look.
      await sleep(500);
      expect([tries, most]).toEqual([1, 1]);
      slow.resolve();
      await until(() => tries === 2);
    } finally {
      slow.resolve();
      await place.reset();
      await backend.close();
    }
  });
});
