import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { hasRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { SUBSCRIBERS, type Subscriber } from "./delivery/contracts.ts";
import { isQuiet } from "./delivery/ledger.ts";
import { LISTENERS, startDelivery } from "./delivery/start-delivery.ts";
import { callUntilAnswered } from "./harness/calls.ts";
import type { FaultProcess } from "./harness/fault-process.ts";
import type { Fleet } from "./harness/fleet.ts";
import { holdLock } from "./harness/lock.ts";
import type { BackendKind } from "./harness/queues.ts";
import { say } from "./harness/say.ts";
import { createRandom, SCALE, SEED, scaled } from "./harness/scale.ts";
import { showingOnFailure } from "./harness/showing-on-failure.ts";
import { waitUntil } from "./harness/wait.ts";

/**
 * P6: the order of events. Each subscriber has two processes; processes die, and one is paused for longer than its leases.
 *
 * docs/promises.md says with which changes these tests were seen to fail.
 */
const options = { timeout: 600_000, concurrent: SCALE < 0.5 };
const KEYS = 20;
/** How long a process is frozen. It is longer than a lease, and longer than other processes wait for a silent one. */
const FROZEN_MS = 20_000;
const MEMBERS = [
  { name: "orders", contexts: "orders", roles: "edge,rpc,jobs" },
  { ...LISTENERS, name: "one" },
  { ...LISTENERS, name: "two" },
];

describe.each(["redis", "postgres"] as const)(`events of one key, queues on %s, seed ${SEED}`, options, (backend) => {
  it.skipIf(!hasRedis && backend === "redis")("are handled in the order of their commits, late ones too, and others meanwhile", options, async () => {
    const fleet = await startDelivery(backend, { members: MEMBERS });
    try {
      await showingOnFailure(fleet, () => check(fleet, backend));
    } finally {
      await fleet.close();
    }
  });
});

/**
 * Checks the order of events in four cases: a late transaction, a slow key, many events of few keys while processes die, and as many events while one
 * process is paused.
 */
async function check(fleet: Fleet, backend: BackendKind): Promise<void> {
  const random = createRandom(SEED);
  const sql = fleet.sql("orders");
  const move = (key: string, n: number, held = false): Promise<unknown> =>
    callUntilAnswered(fleet.url("orders"), "orders.move", { key, n, held }, `${key}/${n}`);
  const seenOf = async (name: Subscriber, keys: string): Promise<number> => (await sql`select 1 from ${sql(name)}.seen where key ~ ${keys}`).length;
  const allSaw = (keys: string, count: number) =>
    waitUntil(`${count} of ${keys} are seen`, async () => {
      const seen = await Promise.all(SUBSCRIBERS.map((name) => seenOf(name, keys)));
      return seen.every((n) => n === count) || seen;
    });

  // One transaction has taken its position in the outbox, and hangs in its commit while others commit.
  const commit = await holdLock(sql, "commit");
  const late = move("late", 0, true);
  await commit.awaited(1);
  await Promise.all(Array.from({ length: KEYS }, (_, n) => move(`early-${n}`, 0)));
  await allSaw("^early", KEYS);
  const lateSeenEarly = await seenOf("stock", "^late");
  await commit.release();
  await late;
  await allSaw("^late", 1);

  // The handlers of one key are blocked, while other keys are handled.
  const handler = await holdLock(sql, "handler");
  await move("slow", 0);
  await handler.awaited(SUBSCRIBERS.length);
  await Promise.all(Array.from({ length: KEYS }, (_, n) => move(`quick-${n}`, 0)));
  await allSaw("^quick", KEYS);
  await handler.release();
  await allSaw("^slow", 1);

  // Many events of few keys are emitted, while the processes that handle them die.
  const count = scaled(2_000);
  const killed = { one: 0, two: 0 };
  const moveMany = async (from: number, to: number, each: (n: number) => void): Promise<void> => {
    const moves: Promise<unknown>[] = [];
    for (let n = from; n < to; n++) {
      moves.push(move(`key-${Math.floor(random() * KEYS)}`, n));
      if (n % 10 === 9) await moves.at(-1);
      each(n);
    }
    await Promise.all(moves);
  };
  await moveMany(0, count, (n) => {
    const victim = n % 100 === 33 ? "one" : n % 100 === 66 ? "two" : undefined;
    if (victim !== undefined && fleet.process(victim).kill()) killed[victim]++;
  });

  // As many events are emitted again, while one of the two processes is paused. It holds leases on events, and has lost them when it goes on.
  await Promise.all(["one", "two"].map((name) => fleet.process(name).ready()));
  let thawed = Promise.resolve();
  await moveMany(count, 2 * count, (n) => {
    if (n === count + 25) thawed = freeze(fleet.process("one"));
  });
  await thawed;
  await waitUntil("nothing is unacknowledged, waiting or held", () => isQuiet(fleet));

  const [behind] = await sql`select count(*)::int as n from orders.holon_outbox
      where payload ->> 'key' ~ '^early' and position > (select position from orders.holon_outbox where payload ->> 'key' = 'late')`;
  say("order", { backend, seed: SEED, count, killed, committedBehindTheLateOne: behind?.["n"] });
  expect(behind?.["n"]).toBe(KEYS);
  expect(lateSeenEarly).toBe(0);
  expect(Math.min(killed.one, killed.two)).toBeGreaterThan(0);
  for (const name of SUBSCRIBERS) {
    const wrong = await sql`select * from (
          select s.key, s.n, e.key_number::int as committed, row_number() over (partition by s.key order by s.id)::int as handled, i.attempts, i.reason
          from orders.holon_outbox e full join ${sql(name)}.seen s on s.event_id = e.id::text
            left join ${sql(name)}.holon_inbox i on i.event_id = e.id where e.name = 'moved') as order_of
        where committed is distinct from handled`;
    expect({ name, wrong: [...wrong] }).toEqual({ name, wrong: [] });
    expect(await seenOf(name, ".")).toBe(2 * count + 2 * KEYS + 2);
  }
}

async function freeze(frozen: FaultProcess): Promise<void> {
  expect(frozen.pause()).toBe(true);
  await sleep(FROZEN_MS);
  expect(frozen.state).toBe("T");
  frozen.resume();
}
