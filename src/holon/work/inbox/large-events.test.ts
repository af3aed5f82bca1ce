import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { EVENT_LIMITS } from "./event-limits.ts";
import { useEventsPlace } from "./events.testing.ts";

const place = useEventsPlace();

const COUNT = 500;
const EVENT_BYTES = 20_000;

/** Notes how many bytes are added at once, and takes some time for each. */
function weighing(backend: QueueBackend, bytes: number[], addMs = 0): QueueBackend {
  return Object.create(backend, {
    reachable: { get: () => backend.reachable },
    depth: { value: backend.depth.bind(backend) },
    work: { value: backend.work.bind(backend) },
    backlog: { value: backend.backlog.bind(backend) },
    handlingMs: { value: backend.handlingMs.bind(backend) },
    add: {
      async value(queue: string, jobs: Parameters<QueueBackend["add"]>[1]) {
        bytes.push(JSON.stringify(jobs).length);
        await sleep(addMs);
        await backend.add(queue, jobs);
      },
    },
  }) as QueueBackend;
}

async function emitLarge(): Promise<void> {
  await place.sql`insert into payments.holon_outbox (kind, name, payload, initiator)
    select 'event', 'paymentNoted', jsonb_build_object('n', n, 'text', repeat('x', ${EVENT_BYTES})), '{"kind": "anonymous"}' from generate_series(1, ${COUNT}) as n`;
}

it("large events are added to a queue some at a time: a slow network would not take all that are taken at once", async () => {
  const bytes: number[] = [];
  await place.startProducer(weighing(place.backend, bytes));
  await emitLarge();
  await place.startConsumer(place.backend);
  await until(async () => (await place.unsettled()) === 0);
  expect((await place.effects()).length).toBe(COUNT);
  expect(Math.max(...bytes)).toBeLessThan(20 * EVENT_LIMITS.batchBytes);
});

it("large events are sent by one publisher although all of them take longer than its lease", async () => {
  const bytes: number[] = [];
  const backend = weighing(place.backend, bytes, 1_500);
  await place.startProducer(backend, { leaseMs: 3_000 });
  await emitLarge();
  await until(() => bytes.length === 1);
  await place.startProducer(backend, { leaseMs: 3_000 });
  await place.startConsumer(place.backend);
  await until(async () => (await place.unsettled()) === 0);
  expect(bytes.length).toBeGreaterThan(1);
  const added = bytes.reduce((sum, more) => sum + more, 0);
  expect(added).toBeLessThan(1.5 * COUNT * EVENT_BYTES);
});
