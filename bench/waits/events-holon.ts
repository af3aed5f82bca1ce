import { sql } from "drizzle-orm";
import { z } from "zod";
import { contract, event } from "../../src/holon/contract/index.ts";
import type { ContextData } from "../../src/holon/data/context-data.ts";
import type { Tables } from "../../src/holon/data/drizzle/database.ts";
import { type EventWork, startEventWork } from "../../src/holon/work/inbox/start-event-work.ts";
import type { QueueKind, WaitsContender } from "./contender.ts";
import { benchScope, type HolonPlace, openHolonPlace } from "./holon-place.ts";
import { IDLE_COUNT, pause } from "./idle.ts";
import { perSecond, quantile } from "./tally.ts";

/** Events in one transaction of the burst. */
const EMIT_COUNT = 100;

/** Concurrent transactions of the burst. */
const EMITTERS = 4;

const payments = contract("payments", {
  procedures: {},
  events: { paymentTaken: event(z.object({ orderId: z.string(), n: z.int() }), { orderedBy: "orderId" }) },
});

interface Stage {
  readonly place: HolonPlace;
  readonly producer: ContextData<Tables>;
  /** Called by the handler of each event. */
  onEvent: () => void;
}

/**
 * Measures the path of an event through outbox, queue and inbox to a handler that writes a row. A single event is measured from its commit to the start of its
 * handler, the burst from its first emit to the last committed row. Every event has its own key.
 */
export function holonEvents(kind: QueueKind): WaitsContender {
  return {
    async start(places) {
      const place = await openHolonPlace(kind, places);
      const [producer, consumer] = [await place.openData("payments"), await place.openData("orders")];
      await place.sql.unsafe("create table orders.effects (n int not null)");
      const stage: Stage = { place, producer, onEvent: () => {} };
      const works = await startWorks(stage, consumer);
      return {
        measure: (_concurrency, count) => measure(stage, count),
        async close() {
          for (const work of works) await work.close();
          await place.close();
        },
      };
    },
  };
}

async function startWorks(stage: Stage, consumer: ContextData<Tables>): Promise<EventWork[]> {
  const { backend, services } = stage.place;
  const paymentsContext = { name: "payments", subscribesTo: {}, events: {} };
  const ordersContext = {
    name: "orders",
    subscribesTo: { payments },
    events: {
      payments: {
        async paymentTaken({
          event: { payload },
          tx,
        }: {
          event: { payload: unknown };
          tx: { db: { execute(query: unknown): PromiseLike<unknown> } };
        }) {
          stage.onEvent();
          await tx.db.execute(sql`insert into orders.effects (n) values (${(payload as { n: number }).n})`);
        },
      },
    },
  };
  const common = { backend, services, openTransaction: (tx: unknown) => tx as never };
  const app = [paymentsContext, ordersContext] as never[];
  return [
    await startEventWork({ ...common, context: paymentsContext, app, data: stage.producer }),
    await startEventWork({ ...common, context: ordersContext as never, app, data: consumer }),
  ];
}

async function measure(stage: Stage, count: number) {
  const { place } = stage;
  const idle: number[] = [];
  for (let at = 0; at < Math.min(IDLE_COUNT, count); at++) {
    await pause();
    const heard = new Promise<number>((resolve) => {
      stage.onEvent = () => resolve(performance.now());
    });
    await emit(stage, at, 1);
    const committedMs = performance.now();
    idle.push(Math.max(0, (await heard) - committedMs));
  }
  stage.onEvent = () => {};
  await reached(place, "orders.effects", idle.length);
  const startedMs = performance.now();
  let next = 0;
  const emitting = Promise.all(
    Array.from({ length: EMITTERS }, async () => {
      for (let from = next; from < count; from = next) {
        next += EMIT_COUNT;
        await emit(stage, from, Math.min(EMIT_COUNT, count - from));
      }
    }),
  );
  await emitting;
  const total = idle.length + count;
  await reached(place, "orders.effects", total);
  const effectMs = performance.now();
  await reached(place, "payments.holon_outbox where settled_at is not null", total);
  const settledMs = performance.now();
  await place.sql`truncate payments.holon_outbox, payments.holon_order, payments.holon_deliveries, orders.holon_inbox, orders.effects`;
  return {
    eventsPerSecond: perSecond(count, effectMs - startedMs),
    settledPerSecond: perSecond(count, settledMs - startedMs),
    idleP50ms: quantile(idle, 0.5),
    idleP99ms: quantile(idle, 0.99),
  };
}

async function emit({ producer }: Stage, from: number, count: number): Promise<void> {
  await producer.transaction(benchScope(), async (tx) => {
    for (let n = from; n < from + count; n++) {
      const orderId = `${from}-${n}-${performance.now()}`;
      await tx.appendEvent({ name: "paymentTaken", key: orderId, payload: { orderId, n } });
    }
  });
}

/**
 * Waits until `from`, a table with an optional condition, has `count` rows. Every row is an effect or an event of its own, so it is a fault if there are more
 * rows.
 */
async function reached({ sql: look }: HolonPlace, from: string, count: number): Promise<void> {
  for (;;) {
    const [row] = await look.unsafe<{ count: number }[]>(`select count(*)::int as count from ${from}`);
    const found = row?.count ?? 0;
    if (found > count) throw new TypeError(`${found} effects of ${count} events`);
    if (found === count) return;
    await pause();
  }
}
