import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { silentLogger } from "../../kernel/log.ts";
import { WorkDatabase } from "../engine/work-database.ts";
import { createQueueBackend, type QueuePlace } from "../queue/bull-backend.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../queue/redis-server.testing.ts";
import { contextRetentions } from "../retention/start-retention.ts";
import { ackQueue, eventQueue } from "./event-message.ts";
import { type EventsPlace, listeningLog, openEventsPlace } from "./events.testing.ts";

let place: EventsPlace;

beforeAll(async () => {
  place = await openEventsPlace();
});
afterAll(() => place?.end());

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

const taken = (key: string, n: number) => ({ name: "paymentTaken", key, payload: { orderId: key, n } });
const noted = (n: number) => ({ name: "paymentNoted", payload: { n } });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const allSettled = () => until(async () => (await place.unsettled()) === 0);
const effectsAre = (count: number) => until(async () => (await place.effects()).length >= count);
const statesOf = async (name: string) => (await place.inbox()).filter((event) => event.name === name).map(({ state }) => state);

/** The numbers of the effects of one key, in the order in which they happened. */
const numbersOf = async (key: string) => (await place.effects()).filter((effect) => effect.key === key).map(({ n }) => n);

/** The same, in the order in which they were committed. */
const committedOf = async (key: string) =>
  (
    await place.sql<{ n: number }[]>`select (payload ->> 'n')::int as n from payments.holon_outbox where ordered_key = ${key} order by key_number`
  ).map(({ n }) => n);

/** A backend from which nothing is taken, so that the other consumer takes all events. */
function deaf(backend: QueueBackend): QueueBackend {
  return {
    kind: backend.kind,
    reachable: true,
    fault: undefined,
    add: (queue, jobs) => backend.add(queue, jobs),
    work: () => ({ resize() {}, close: async () => {} }),
    depth: (queue) => backend.depth(queue),
    backlog: (queue) => backend.backlog(queue),
    handlingMs: (queue) => backend.handlingMs(queue),
    inspect: (queue) => backend.inspect(queue),
    close: async () => {},
  };
}

/** What an older version of a consumer does, on each backend, with events that only a newer one handles. */
function behaves(openPlace: () => Promise<{ readonly place: QueuePlace; end(): Promise<void> }>): void {
  let opened: Awaited<ReturnType<typeof openPlace>>;
  let backend: QueueBackend;
  beforeAll(async () => {
    opened = await openPlace();
    backend = await createQueueBackend(opened.place, { log: silentLogger, clock: systemClock, prefix: "older" });
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

  it("handles each event once beside the newer version, in the order of each key", async () => {
    await place.startProducer(backend, { batchCount: 1 });
    await place.startOlderConsumer(backend);
    await place.startConsumer(backend);
    for (const n of range(0, 20)) await place.emit(range(0, 4).map((key) => taken(`k${key}`, n)));
    await effectsAre(80);
    await allSettled();
    expect(await place.effects()).toHaveLength(80);
    for (const key of range(0, 4)) expect(await numbersOf(`k${key}`)).toEqual(range(0, 20));
    expect(new Set(await statesOf("paymentTaken"))).toEqual(new Set(["done"]));
  });

  it("holds and acknowledges events without a handler, and handles those that it knows", async () => {
    await place.startProducer(backend);
    await place.startOlderConsumer(backend);
    await place.emit([taken("a", 1), taken("a", 2), noted(3), taken("b", 4), noted(5)]);
    await effectsAre(2);
    await allSettled();
    expect(await statesOf("paymentTaken")).toEqual(["held", "held", "held"]);
    expect((await place.effects()).map(({ name }) => name)).toEqual(["paymentNoted", "paymentNoted"]);
    expect((await place.inbox()).filter(({ name }) => name === "paymentTaken").map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
  });

  it("loses nothing during a rollback: after the newer version is back, the held events are handled once and in order, with new ones between", async () => {
    await place.startProducer(backend, { batchCount: 2 });
    const older = await place.startOlderConsumer(backend);
    await place.emit(range(0, 30).map((n) => taken(`k${n % 3}`, n)));
    await until(async () => (await statesOf("paymentTaken")).length === 30);
    await place.startConsumer(backend);
    await place.emit(range(30, 60).map((n) => taken(`k${n % 3}`, n)));
    await effectsAre(60);
    await allSettled();
    await older.close();
    expect(await place.effects()).toHaveLength(60);
    for (const key of ["k0", "k1", "k2"]) expect(await numbersOf(key)).toEqual(await committedOf(key));
  });

  it("wakes the process that has the handler, long before that process would look itself", async () => {
    await place.startProducer(backend);
    await place.startConsumer(deaf(backend), undefined, { pollMs: 3_600_000 });
    await place.startOlderConsumer(backend);
    for (const n of [1, 2, 3]) {
      await place.emit([taken("a", n)]);
      await effectsAre(n);
    }
    await until(async () => (await statesOf("paymentTaken")).every((state) => state === "done"));
    expect(await numbersOf("a")).toEqual([1, 2, 3]);
  });

  it("reports the events that it holds: once in its log, with name and cure, and as a count", async () => {
    const warnings: { readonly fields: object; readonly text: string }[] = [];
    const counts: unknown[] = [];
    await place.startProducer(backend, { batchCount: 1 });
    await place.startOlderConsumer(backend, { log: listeningLog(warnings), left: (...count) => counts.push(count) });
    await place.emit(range(0, 5).map((n) => taken(`k${n}`, n)));
    await allSettled();
    expect(warnings.map(({ fields }) => fields)).toEqual([{ event: "payments.paymentTaken", count: expect.any(Number) }]);
    expect(warnings[0]?.text).toMatch(/no handler.*held.*start the version that handles them.*work -- skip/s);
    expect(counts.map((count) => (count as unknown[]).slice(0, 3))).toEqual(counts.map(() => ["event", "orders", "payments.paymentTaken"]));
    expect(counts.reduce<number>((sum, count) => sum + ((count as unknown[])[3] as number), 0)).toBe(5);
  });

  it("goes on with its own held events, however many it leaves to other versions", async () => {
    let isBroken = true;
    await place.startProducer(backend);
    await place.startOlderConsumer(backend, {
      before: () => {
        if (isBroken) throw new TypeError("the handler is broken");
      },
      limits: { attemptsCount: 100_000 },
    });
    await place.emit(range(0, 120).map((n) => taken(`k${n}`, n)));
    await until(async () => (await statesOf("paymentTaken")).length === 120);
    await place.emit([noted(1)]);
    await until(async () => (await place.inbox()).some(({ name, attempts }) => name === "paymentNoted" && attempts > 0));
    isBroken = false;
    await effectsAre(1);
    expect(await statesOf("paymentNoted")).toEqual(["done"]);
    expect(new Set(await statesOf("paymentTaken"))).toEqual(new Set(["held"]));
  });

  it("skips a held event without a handler by command, the first of its key, and then the next one", async () => {
    await place.startProducer(backend);
    const { parked } = await place.startOlderConsumer(backend);
    await place.emit([taken("a", 1)]);
    await place.emit([taken("a", 2)]);
    await until(async () => (await statesOf("paymentTaken")).length === 2);
    const [first, second] = await place.inbox();
    expect((await parked.listStranded()).map(({ id, reason }) => ({ id, reason }))).toEqual([
      { id: first?.id, reason: "no handler in this version" },
    ]);
    await expect(parked.skip(second?.id ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(parked.release(first?.id ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await parked.skip(first?.id ?? "");
    await place.startConsumer(backend);
    await effectsAre(1);
    expect(await numbersOf("a")).toEqual([2]);
    expect(await statesOf("paymentTaken")).toEqual(["skipped", "done"]);
  });

  it("handles the events of a batch that it understands, also with new members, and leaves the others to other versions, unacknowledged", async () => {
    const counts: unknown[] = [];
    await place.startProducer(backend, { resendMs: 3_600_000 });
    await until(async () => (await place.sql`select 1 from payments.holon_subscribers`).length === 2);
    await place.emit([noted(1), noted(2), noted(3), noted(4)]);
    const bull = backend.inspect(eventQueue("orders"));
    const sent = async () => (await bull.getJobs("waiting")).flatMap(({ data }) => (data as { events: Record<string, unknown>[] }).events);
    await until(async () => (await sent()).length === 4);
    const events = await sent();
    await backend.inspect(eventQueue("orders")).obliterate({ force: true });
    const [first, second, third, fourth] = events;
    const batch = [
      { ...first, sealed: "by tomorrow" },
      { ...second, position: { shard: 1, at: 7 } },
      // Postgres cannot store U+0000, so only queues on Redis can carry these events.
      ...(backend.kind === "redis"
        ? [
            { ...third, name: "payment\u0000Noted" },
            { ...fourth, initiator: { kind: "user\u0000" } },
          ]
        : []),
      null,
      "event",
    ];
    await place.startOlderConsumer(backend, { left: (...count) => counts.push(count) });
    await backend.add(eventQueue("orders"), [
      { id: "b-1", name: "paymentNoted", data: { producer: "payments", events: batch, version: 2 } },
      { id: "b-2", name: "snapshot", data: { kind: "snapshot", of: "payments" } },
      { id: "b-3", name: "text", data: "events" as unknown as object },
    ]);
    await effectsAre(1);
    await until(() => new Set(counts.map((count) => String((count as unknown[])[2]))).size === 3);
    await until(async () => (await place.unsettled()) === 3);
    const again = async () => (await backend.inspect(eventQueue("orders")).getJobs(["delayed", "waiting", "active"])).map((job) => job?.data);
    await until(async () => JSON.stringify(await again()).includes("shard"));
    expect(await place.effects()).toMatchObject([first?.["payload"]]);
    expect(counts).toEqual(expect.arrayContaining([["message", "orders", "events.orders snapshot", 1]]));
    expect(await place.inbox()).toHaveLength(1);
  });

  it("leaves acknowledgements that it does not understand, and accepts those of a subscriber only for events that were sent to it", async () => {
    const counts: unknown[] = [];
    await place.startProducer(backend, { resendMs: 3_600_000 }, undefined, { left: (...count) => counts.push(count) });
    await place.emit([noted(1), noted(2)]);
    await until(async () => (await place.sql`select 1 from payments.holon_deliveries where sent_at is not null`).length === 2);
    const outbox = await place.sql<{ id: string; position: number }[]>`select id, position::int from payments.holon_outbox order by position`;
    const [one, other] = outbox.map(({ id, position }) => ({ id, position }));
    await backend.add(ackQueue("payments"), [
      { id: "k-1", name: "refused", data: { kind: "refused", subscriber: "orders", events: [one] } },
      { id: "k-2", name: "taken", data: { kind: "taken", subscriber: "nobody", events: [one, other] } },
      { id: "k-3", name: "taken", data: { kind: "taken", subscriber: "orders", events: [{ id: "x" }, { ...other, since: 3 }, null] } },
    ]);
    await until(async () => (await place.unsettled()) === 1);
    // A message that is put back is counted each time, also before the other one is read.
    const counted = () => new Set(counts.map((count) => String(count)));
    await until(() => counted().size >= 2);
    const [open] = await place.sql<{ id: string }[]>`select id from payments.holon_outbox where settled_at is null`;
    expect(open?.id).toBe(one?.id);
    expect(counted()).toEqual(new Set(["message,payments,ack.payments refused,1", "message,payments,ack.payments taken,1"]));
  });

  it("does not settle an event that was not sent yet if an unknown subscriber acknowledges it", async () => {
    await place.startProducer(backend, {}, []);
    await place.sql`insert into payments.holon_subscribers (subscriber, event, after_position) values ('orders', 'paymentNoted', 0)`;
    await place.sql`insert into payments.holon_outbox (kind, name, payload, initiator, leased_until) values ('event', 'paymentNoted', '{"n":1}', '{"kind":"anonymous"}', now() + interval '1 hour')`;
    const [row] = await place.sql<{ id: string; position: number }[]>`select id, position::int from payments.holon_outbox`;
    await backend.add(ackQueue("payments"), [{ id: "k-4", name: "taken", data: { kind: "taken", subscriber: "nobody", events: [row] } }]);
    await until(async () => {
      const { waiting, active } = await backend.depth(ackQueue("payments"));
      return waiting + active === 0;
    });
    expect(await place.unsettled()).toBe(1);
  });

  it("keeps held events for ever, while others are removed for their age", async () => {
    await place.startProducer(backend);
    await place.startOlderConsumer(backend);
    const retentions = contextRetentions(new WorkDatabase(place.orders, systemClock), { ...DEFAULT_LIMITS, inboxKeptMs: 0 });
    await place.emit([taken("a", 1), noted(2)]);
    await effectsAre(1);
    for (const { remove } of retentions) await remove(1_000);
    expect(await statesOf("paymentNoted")).toEqual([]);
    expect(await statesOf("paymentTaken")).toEqual(["held"]);
  });
}

async function openPostgres() {
  return { place: { kind: "postgres" as const, url: place.url, schema: "older_queue" }, end: async () => {} };
}

async function openRedis() {
  const redis: TestRedis = await startTestRedis();
  return { place: { kind: "redis" as const, url: redis.url }, end: () => redis.stop() };
}

describe("an older version of a consumer, on Postgres", () => behaves(openPostgres));
describe.skipIf(!hasRedis)("an older version of a consumer, on Redis (left out where no redis-server is installed)", () => behaves(openRedis));
