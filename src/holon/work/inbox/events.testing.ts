import postgres, { type Sql } from "postgres";
import { afterAll, afterEach, beforeAll } from "vitest";
import { z } from "zod";
import { type Contract, contract, event } from "../../contract/index.ts";
import { type ContextData, createContextData } from "../../data/context-data.ts";
import type { Tables } from "../../data/drizzle/database.ts";
import { sql } from "../../data/drizzle/sql.ts";
import { migrate } from "../../data/migrate/migrate.ts";
import type { DataTransaction } from "../../data/transaction/run-transaction.ts";
import { createTestDatabase, startTestServer } from "../../dev/postgres/test-database.ts";
import { systemClock } from "../../kernel/clock.ts";
import { DEFAULT_LIMITS, type Limits } from "../../kernel/limits.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { ANONYMOUS } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import { Timers } from "../../kernel/timers.ts";
import type { CountLeft } from "../../observe/work-metrics.ts";
import { createQueueBackend } from "../queue/bull-backend.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import type { EventLimits } from "./event-limits.ts";
import { eventQueue } from "./event-message.ts";
import type { EventArguments, SubscribingContext } from "./event-routes.ts";
import { type EventWork, startEventWork } from "./start-event-work.ts";

/** The contract of the producer in these tests. */
const payments = contract("payments", {
  procedures: {},
  events: {
    paymentTaken: event(z.object({ orderId: z.string(), n: z.int() }), { orderedBy: "orderId" }),
    paymentNoted: event(z.object({ n: z.int() })),
  },
});

/** What a handler in these tests does. */
type Reaction = (args: EventArguments) => Promise<void> | void;

/** An effect as the consumer wrote it. */
interface Effect {
  readonly name: string;
  readonly key: string;
  readonly n: number;
}

/** Short times, so that tests do not wait. Events are sent again far more often than needed, which makes duplicates. */
export const QUICK = {
  pollMs: 20,
  sweepMs: 25,
  resendMs: 400,
  backoffFirstMs: 5,
  backoffGreatestMs: 20,
  attemptsCount: 3,
  leaseMs: 2_000,
  undecidedMs: 50,
} satisfies Partial<EventLimits>;

/** How an older version of the consumer is started. */
interface OlderOptions {
  readonly before?: Reaction;
  readonly limits?: Partial<EventLimits>;
  readonly log?: Logger;
  readonly left?: CountLeft;
}

/** An event to be emitted by a test. */
interface EmittedEvent {
  readonly name: string;
  readonly key?: string;
  readonly payload: object;
}

/** Two contexts in one database: `payments` emits events, `orders` subscribes to them. Starts and stops their work. */
export interface EventsPlace {
  readonly url: string;
  readonly sql: Sql;
  /** Emits each event in a transaction of its own, all at once. */
  emit(events: readonly EmittedEvent[]): Promise<void>;
  /** Emits the events in one transaction, so that they come in one message. */
  emitTogether(events: readonly EmittedEvent[]): Promise<void>;
  /** Emits `count` events `paymentNoted` in one statement, numbered from 0. */
  emitMany(count: number): Promise<void>;
  readonly payments: ContextData<Tables>;
  readonly orders: ContextData<Tables>;
  startProducer(
    backend: QueueBackend,
    limits?: Partial<EventLimits>,
    subscribers?: readonly SubscribingContext[],
    others?: { readonly left?: CountLeft },
  ): Promise<EventWork>;
  /** `contract` is the producer's contract as the consumer knows it. */
  startConsumer(backend: QueueBackend, before?: Reaction, limits?: Partial<EventLimits>, contract?: Contract): Promise<EventWork>;
  /** A consumer of an older version, which handles only `paymentNoted`. */
  startOlderConsumer(backend: QueueBackend, options?: OlderOptions): Promise<EventWork>;
  effects(): Promise<Effect[]>;
  /** Counts events that were never sent, or that some subscriber has not acknowledged. */
  unsettled(): Promise<number>;
  inbox(): Promise<
    {
      readonly name: string;
      readonly key: string | null;
      readonly number: number | null;
      readonly state: string;
      readonly attempts: number;
      readonly reason: string | null;
      readonly id: string;
    }[]
  >;
  /** Stops all work, and empties the tables. */
  reset(): Promise<void>;
  end(): Promise<void>;
}

const ordersContext = (before: Reaction = () => {}, producer: Contract = payments): SubscribingContext => ({
  name: "orders",
  subscribesTo: { payments: producer },
  events: { payments: { paymentTaken: writeEffect(before), paymentNoted: writeEffect(before) } },
});

const olderContext = (before: Reaction = () => {}): SubscribingContext => ({
  name: "orders",
  subscribesTo: { payments },
  events: { payments: { paymentNoted: writeEffect(before) } },
});

/** Writes a row for each effect of an event, so that a second effect is seen. */
function writeEffect(before: Reaction): Reaction {
  return async (args) => {
    await before(args);
    const { name, key, payload } = args.event;
    const { n } = payload as { readonly n: number };
    await args.tx.db.execute(sql`insert into orders.effects (name, key, n) values (${name}, ${key ?? ""}, ${n})`);
  };
}

export const subscribing: readonly SubscribingContext[] = [ordersContext()];

/** Collects warnings. */
export function listeningLog(warnings: { readonly fields: object; readonly text: string }[]): Logger {
  const log: Logger = { ...silentLogger, warn: (fields: object, text: string) => warnings.push({ fields, text }), child: () => log } as Logger;
  return log;
}

/** A backend that loses some of the jobs that are added, as an emptied Redis does. */
export function losing(backend: QueueBackend, loses: (queue: string) => boolean): QueueBackend {
  return {
    kind: backend.kind,
    get reachable() {
      return backend.reachable;
    },
    get fault() {
      return backend.fault;
    },
    add: async (queue, jobs) => (loses(queue) ? undefined : backend.add(queue, jobs)),
    work: (...args) => backend.work(...args),
    depth: (queue) => backend.depth(queue),
    backlog: (queue) => backend.backlog(queue),
    handlingMs: (queue) => backend.handlingMs(queue),
    inspect: (queue) => backend.inspect(queue),
    close: () => backend.close(),
  };
}

/** An {@link EventsPlace} for the tests of a file, with queues in its own database. Each test starts with empty tables. */
export function useEventsPlace(limits: Partial<Limits> = {}): EventsPlace & { readonly backend: QueueBackend } {
  const place = {} as EventsPlace & { backend: QueueBackend };
  beforeAll(async () => {
    Object.assign(place, await openEventsPlace(limits));
    place.backend = await createQueueBackend({ kind: "postgres", url: place.url }, { log: silentLogger, clock: systemClock, prefix: "test" });
  });
  afterEach(async () => {
    await place.reset();
    // A consumer that stops puts the events that it has not begun back on the queue.
    await place.backend.inspect(eventQueue("orders")).drain(true);
  });
  afterAll(async () => {
    await place.backend?.close();
    await place.end?.();
  });
  return place;
}

/** Opens an {@link EventsPlace}. */
export async function openEventsPlace(limits: Partial<Limits> = {}): Promise<EventsPlace> {
  const server = await startTestServer();
  const database = await createTestDatabase({ server });
  const timers = new Timers(() => systemClock.monotonicMs());
  const services = { clock: systemClock, timers, log: silentLogger, random: Math.random };
  const looking = postgres(database.url, { max: 3, onnotice: () => {} });
  const open = async (context: string): Promise<ContextData<Tables>> => {
    const { role } = await migrate({ url: database.url, context });
    return createContextData({
      context,
      url: database.url,
      role,
      tables: {},
      limits: { ...DEFAULT_LIMITS, poolCount: 8, poolWaitMs: 30_000, poolWaitingCount: 10_000, ...limits },
      clock: systemClock,
      log: silentLogger,
    }) as ContextData<Tables>;
  };
  const [producerData, consumerData] = [await open("payments"), await open("orders")];
  await looking`create table orders.effects (position bigint generated always as identity, name text not null, key text not null, n int not null)`;
  let started: EventWork[] = [];
  const start = async (
    options: Omit<Parameters<typeof startEventWork>[0], "services" | "openTransaction">,
    others: object = {},
  ): Promise<EventWork> => {
    const work = await startEventWork({ ...options, openTransaction: (tx: DataTransaction<Tables>) => tx, services: { ...services, ...others } });
    started.push(work);
    return work;
  };
  const emitTogether: EventsPlace["emitTogether"] = async (events) => {
    const scope = Scope.root({ principal: ANONYMOUS, caller: "test", deadlineAtMs: systemClock.monotonicMs() + 30_000 });
    await producerData.transaction(scope, async (tx) => {
      for (const { name, key, payload } of events) await tx.appendEvent({ name, key, payload });
    });
  };
  return {
    url: database.url,
    sql: looking,
    payments: producerData,
    orders: consumerData,
    async emit(events) {
      await Promise.all(events.map((event) => emitTogether([event])));
    },
    emitTogether,
    async emitMany(count) {
      await looking`insert into payments.holon_outbox (kind, name, payload, initiator)
        select 'event', 'paymentNoted', jsonb_build_object('n', n), '{"kind": "anonymous"}' from generate_series(0, ${count - 1}) as n`;
    },
    startProducer: (backend, limits = {}, app = subscribing, others = {}) =>
      start(
        { context: { name: "payments", subscribesTo: {}, events: {} }, app, data: producerData, backend, limits: { ...QUICK, ...limits } },
        others,
      ),
    startConsumer: (backend, before, limits = {}, producer = payments) =>
      start({ context: ordersContext(before, producer), app: [], data: consumerData, backend, limits: { ...QUICK, ...limits } }),
    startOlderConsumer: (backend, { before, limits = {}, ...others } = {}) =>
      start({ context: olderContext(before), app: [], data: consumerData, backend, limits: { ...QUICK, ...limits } }, others),
    effects: async () => [...(await looking<Effect[]>`select name, key, n from orders.effects order by position`)],
    async unsettled() {
      const [row] = await looking<{ count: number }[]>`select count(*)::int as count from payments.holon_outbox where settled_at is null`;
      return row?.count ?? 0;
    },
    inbox: async () => [
      ...(await looking<
        Awaited<ReturnType<EventsPlace["inbox"]>>
      >`select name, ordered_key as key, key_number::int as number, state, attempts, reason, event_id as id from orders.holon_inbox order by position`),
    ],
    async reset() {
      for (const work of started.splice(0)) await work.close();
      await looking`truncate payments.holon_outbox, payments.holon_order, payments.holon_subscribers, payments.holon_deliveries, payments.holon_removed, orders.holon_inbox, orders.effects`;
    },
    async end() {
      for (const work of started.splice(0)) await work.close();
      started = [];
      await Promise.all([producerData.close(), consumerData.close()]);
      await looking.end({ timeout: 1 });
      timers.close();
      await database.drop();
      await server.stop();
    },
  };
}
