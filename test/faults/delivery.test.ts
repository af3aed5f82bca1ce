import { describe, expect, it } from "vitest";
import { hasRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { Chaos } from "./delivery/chaos.ts";
import { SUBSCRIBERS } from "./delivery/contracts.ts";
import { accountOf, balanced, isQuiet, lonelyRows } from "./delivery/ledger.ts";
import { measureCapacity, startLoad } from "./delivery/load.ts";
import { startDelivery } from "./delivery/start-delivery.ts";
import type { Fleet } from "./harness/fleet.ts";
import { say } from "./harness/say.ts";
import { createRandom, SCALE, SEED, scaled } from "./harness/scale.ts";
import { showingOnFailure } from "./harness/showing-on-failure.ts";
import { waitUntil } from "./harness/wait.ts";

/**
 * P2 and P3, with real processes that are killed with `kill -9`, a real Postgres and a Redis with its default configuration.
 *
 * docs/promises.md says with which changes these tests were seen to fail.
 */
const PLACES = [
  { backend: "redis", ownDatabases: false, always: true },
  { backend: "postgres", ownDatabases: true, always: true },
  { backend: "redis", ownDatabases: true, always: false },
  { backend: "postgres", ownDatabases: false, always: false },
] as const;

/** How long orders are placed; seconds. */
const LOAD_S = 20;

/** Small tests run concurrently. */
const options = { timeout: 600_000, concurrent: SCALE < 0.5 };

if (!hasRedis) say("left out: what needs a Redis, for this machine has no redis-server", {});

describe(`events, seed ${SEED}`, options, () => {
  const places = PLACES.filter(({ backend, always }) => (hasRedis || backend === "postgres") && (always || SCALE >= 0.5));

  it.each(places)("have one effect an order at each subscriber, whichever process or queue fails: %o", options, async ({ backend, ownDatabases }) => {
    const random = createRandom(SEED);
    const fleet = await startDelivery(backend, { ownDatabases });
    try {
      await showingOnFailure(fleet, async () => {
        const url = fleet.url("orders");
        const capacity = await measureCapacity(url, random);
        const count = scaled(2_000);
        const perSecond = Math.min(count / LOAD_S, capacity / 2);
        const chaos = new Chaos(fleet, random);
        const killing = new AbortController();
        const killed = chaos.killProcesses(killing.signal);
        const load = startLoad(url, "order", count, perSecond, random);
        const when = (share: number): Promise<void> => waitUntil("that many orders are begun", () => load.begun() >= count * share);

        await when(0.2);
        await chaos.queuesEmptied();
        await when(0.4);
        await chaos.postgresKilled();
        await when(0.6);
        if (backend === "redis") await chaos.redisSetBack();
        await when(0.7);
        await chaos.queuesEmptied();
        await when(0.85);
        if (backend === "redis") await chaos.redisKilled();
        await when(1);
        killing.abort();
        await killed;
        const lastFaultMs = performance.now();
        const attempts = await load.finish();
        await waitUntil("nothing is unacknowledged, waiting or held", () => isQuiet(fleet));

        const recoveryS = (performance.now() - lastFaultMs) / 1_000;
        const retried = attempts.filter(({ length }) => length > 1).length;
        say("events", {
          backend,
          ownDatabases,
          seed: SEED,
          capacity,
          perSecond,
          orders: attempts.length,
          retried,
          faults: chaos.counts,
          jobsLost: chaos.jobsLost,
          recoveryS,
        });
        expect(chaos.counts).toMatchObject({ queuesEmptied: 2, postgresKilled: 1 });
        if (backend === "redis") expect(chaos.counts).toMatchObject({ redisKilled: 1, redisSetBack: 1 });
        expect(chaos.counts.processKilled).toBeGreaterThan(0);
        expect(await lonelyRows(fleet)).toEqual([]);
        for (const name of SUBSCRIBERS) expect(await accountOf(fleet, name)).toEqual(balanced(attempts.length + 80));
      });
    } finally {
      await fleet.close();
    }
  });

  it.skipIf(!hasRedis)(
    "wait in the outbox while Redis is away: no order is refused, and the process is ready and names what is degraded",
    options,
    async () => {
      const random = createRandom(SEED);
      const fleet = await startDelivery("redis");
      try {
        await showingOnFailure(fleet, async () => {
          const url = fleet.url("orders");
          const capacity = await measureCapacity(url, random);
          const awayS = Math.max(6, 60 * SCALE);
          const perSecond = Math.min(50, capacity / 2);
          await fleet.queues.redis?.kill();
          const load = startLoad(url, "away", Math.round(perSecond * awayS), perSecond, random);
          await waitUntil("the process noticed", async () => ((await readiness(fleet)).degraded.length === 2 ? true : await readiness(fleet)));
          const meanwhile = await readiness(fleet);
          const attempts = await load.finish();
          const effectsWhile = await accountOf(fleet, "stock");
          await fleet.queues.redis?.start();
          await waitUntil("nothing is unacknowledged, waiting or held", () => isQuiet(fleet));

          say("Redis away", { seed: SEED, awayS, perSecond, orders: attempts.length, waited: effectsWhile.lonely.length });
          expect(meanwhile).toEqual({
            ...{ status: 200, ready: true, reasons: [] },
            degraded: [
              "the queues cannot be reached: events and jobs wait",
              "Redis cannot be reached: for rate limits, this edge counts only its own calls",
            ],
          });
          expect(effectsWhile.lonely.length).toBeGreaterThan(0);
          expect(attempts.flat().filter(({ status }) => status !== 200)).toEqual([]);
          for (const name of SUBSCRIBERS) expect(await accountOf(fleet, name)).toEqual(balanced(attempts.length + 80));
          await waitUntil("nothing is missed", async () => ((await readiness(fleet)).degraded.length === 0 ? true : await readiness(fleet)));
          expect(fleet.processes.flatMap(({ deaths }) => deaths)).toEqual([]);
        });
      } finally {
        await fleet.close();
      }
    },
  );
});

async function readiness(
  fleet: Fleet,
): Promise<{ readonly status: number; readonly ready: boolean; readonly reasons: string[]; readonly degraded: string[] }> {
  const answer = await fetch(`${fleet.opsUrl("orders")}/readyz`);
  return { status: answer.status, ...((await answer.json()) as { ready: boolean; reasons: string[]; degraded: string[] }) };
}
