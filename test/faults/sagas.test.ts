import { describe, expect, it } from "vitest";
import { hasRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { callUntilAnswered } from "./harness/calls.ts";
import { type Fleet, startFleet } from "./harness/fleet.ts";
import type { BackendKind } from "./harness/queues.ts";
import { say } from "./harness/say.ts";
import { createRandom, SCALE, SEED, scaled } from "./harness/scale.ts";
import { showingOnFailure } from "./harness/showing-on-failure.ts";
import { waitUntil } from "./harness/wait.ts";
import { EFFECTS, type Ending } from "./sagas/app.ts";

/**
 * P8: runs of workflows whose steps call another process, while processes, Redis and Postgres are killed. src/holon/pipeline/workflow-crashes.test.ts
 * tests each single point at which a process may die.
 *
 * docs/promises.md says with which changes this test was seen to fail.
 */
const options = { timeout: 600_000, concurrent: SCALE < 0.5 };
const TRIPS = ["one", "two"] as const;
const MEMBERS = [...TRIPS.map((name) => ({ name, contexts: "trips", roles: "edge,jobs" })), { name: "rooms", contexts: "rooms", roles: "rpc" }];

interface Run {
  readonly key: string;
  readonly state: string;
  readonly fence: number;
  readonly reason: string | null;
}

describe.each(["redis", "postgres"] as const)(`workflows, queues on %s, seed ${SEED}`, options, (backend) => {
  it.skipIf(!hasRedis && backend === "redis")("are done or undone when processes die; one that cannot be undone is stuck", options, async () => {
    const fleet = await startFleet({ app: "sagas", backend, contexts: ["trips", "rooms"], members: MEMBERS });
    try {
      await showingOnFailure(fleet, () => check(fleet, backend));
    } finally {
      await fleet.close();
    }
  });
});

async function check(fleet: Fleet, backend: BackendKind): Promise<void> {
  const random = createRandom(SEED);
  const count = scaled(50, 12);
  const endings = new Map<string, Ending>(
    Array.from({ length: count }, (_, n) => [`trip-${n}`, n === 0 ? "broken" : n % 2 === 0 ? "good" : "declined"]),
  );
  const book = (trip: string, ending: Ending) => callUntilAnswered(fleet.url(TRIPS[random() < 0.5 ? 0 : 1]), "trips.book", { trip, ending }, trip);
  const trips = [...endings];
  const booked: Promise<unknown>[] = [];
  /** Starts a third of the runs. */
  const bookSome = (): void => {
    for (const [trip, ending] of trips.splice(0, Math.ceil(count / 3))) booked.push(book(trip, ending));
  };
  const faults = { running: 0, undoing: 0, rooms: 0, postgres: 0, redis: 0 };

  bookSome();
  await whileIn(fleet, ["running"], new Set());
  await fleet.postgres.restart();
  faults.postgres++;
  const redis = fleet.queues.redis;
  if (redis !== undefined) {
    await redis.kill();
    await redis.start();
    faults.redis++;
  }
  const dead = new Set<string>();
  for (const state of ["running", "undoing"] as const) {
    bookSome();
    for (const runner of await whileIn(fleet, [state], dead)) dead.add(runner);
    if (fleet.process("rooms").kill()) faults.rooms++;
    for (const name of TRIPS) if (fleet.process(name).kill()) faults[state]++;
  }
  for (let n = 0; n < scaled(20); n++) {
    if ((await whileIn(fleet, ["running", "undoing"], dead)).size === 0) break;
    fleet.processes[Math.floor(random() * fleet.processes.length)]?.kill();
  }
  await Promise.all(booked);
  await waitUntil("all runs have ended", async () => (await open(fleet)) || (await runsOf(fleet)).length === count || (await runsOf(fleet)).length);

  const runs = await runsOf(fleet);
  const takenOver = runs.filter(({ fence }) => fence > 1);
  say("workflows", { backend, seed: SEED, count, faults, takenOver: takenOver.map(({ key, state }) => `${key} ${state}`), runs: runs.length });
  expect(faults).toEqual({ running: 2, undoing: 2, rooms: 2, postgres: 1, redis: backend === "redis" ? 1 : 0 });
  expect(takenOver.filter(({ state }) => state === "done").length).toBeGreaterThan(0);
  expect(takenOver.filter(({ state }) => state === "undone").length).toBeGreaterThan(0);
  const wanted = { good: "done", declined: "undone", broken: "stuck" } as const;
  expect(Object.fromEntries(runs.map(({ key, state }) => [key, state]))).toEqual(
    Object.fromEntries([...endings].map(([trip, ending]) => [trip, wanted[ending]])),
  );
  expect(runs.find(({ state }) => state === "stuck")?.reason).toMatch(/noted/);
  for (const context of ["trips", "rooms"] as const) {
    // Effects that are undone before the broken undo are gone; those that would be undone after it are kept.
    const left = { good: EFFECTS[context], declined: [], broken: context === "trips" ? ["noted"] : ["reserved"] };
    const expected = [...endings].flatMap(([trip, ending]) => left[ending].map((what) => `${trip} ${what}`));
    expect(await effectsOf(fleet, context)).toEqual(expected.sort());
  }
}

/** Waits until a live process has a run in one of these states, or no run is open. Returns the processes that have one. */
async function whileIn(fleet: Fleet, states: readonly string[], dead: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  let runners: string[] = [];
  await waitUntil(`a run is ${states.join(" or ")}`, async () => {
    const rows = await fleet.sql("trips")<{ by: string }[]>`select distinct leased_by as by from trips.holon_runs
      where state in ${fleet.sql("trips")([...states])} and leased_by is not null and wake_at > now()`;
    runners = rows.map(({ by }) => by).filter((by) => !dead.has(by));
    return runners.length > 0 || (states.length > 1 && (await open(fleet)) === 0);
  });
  return new Set(runners);
}

async function runsOf(fleet: Fleet): Promise<readonly Run[]> {
  return fleet.sql("trips")<Run[]>`select key, state, fence::int, reason from trips.holon_runs order by key`;
}

async function open(fleet: Fleet): Promise<number> {
  return (await runsOf(fleet)).filter(({ state }) => !["done", "undone", "stuck"].includes(state)).length;
}

async function effectsOf(fleet: Fleet, context: "trips" | "rooms"): Promise<readonly string[]> {
  const sql = fleet.sql(context);
  const rows = await sql<{ what: string }[]>`select trip || ' ' || what as what from ${sql(context)}.effects`;
  return rows.map(({ what }) => what).sort();
}
