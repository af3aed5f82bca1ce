import { describe, expect, it as vitestIt } from "vitest";
import { hasRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { type FailedChore, rerunChore, type State, statesOf, whenIn } from "./chores/chore-rows.ts";
import { callUntilAnswered } from "./harness/calls.ts";
import { type Fleet, startFleet } from "./harness/fleet.ts";
import { say } from "./harness/say.ts";
import { SCALE, SEED, scaled } from "./harness/scale.ts";
import { showingOnFailure } from "./harness/showing-on-failure.ts";
import { waitUntil } from "./harness/wait.ts";

/**
 * P4, P5 and P7: jobs that misbehave, and a schedule, in real processes.
 *
 * docs/promises.md says with which changes these tests were seen to fail.
 */
/** Small tests run concurrently, because most of the time they wait for leases to expire. */
const options = { timeout: 600_000, concurrent: SCALE < 0.5 };
const REPLICAS = ["one", "two", "three"] as const;

/** Runs a test on its own fleet. */
async function withFleet(backend: "redis" | "postgres", names: readonly string[], test: (fleet: Fleet) => Promise<void>): Promise<void> {
  const members = names.map((name, n) => ({ name, contexts: "chores", roles: n === 0 ? "edge,rpc,jobs" : "jobs" }));
  const fleet = await startFleet({ app: "chores", backend, contexts: ["chores"], members });
  try {
    await showingOnFailure(fleet, () => test(fleet));
  } finally {
    await fleet.close();
  }
}

/** Enqueues jobs in one transaction. */
async function ask(fleet: Fleet, key: string, job: string, names: readonly string[]): Promise<void> {
  await callUntilAnswered(fleet.url("one"), "chores.ask", { chores: names.map((name) => ({ job, name })) }, key);
}

const named = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

describe.each(["redis", "postgres"] as const)(`a job, queues on %s, seed ${SEED}`, options, (backend) => {
  const it = vitestIt.skipIf(!hasRedis && backend === "redis");

  it("that crashes its process is set aside after 3 crashes while alone; those beside it are done", options, () =>
    withFleet(backend, ["one"], async (fleet) => {
      const sql = fleet.sql("chores");
      // Lingering jobs keep their places until they are run alone. A process has ten places, so some must be left for the other jobs.
      const lingering = named("linger", scaled(6, 3));
      await ask(fleet, "linger", "linger", lingering);
      await ask(fleet, "crash", "crash", ["crash"]);
      const before = named("before", scaled(100, 10));
      await ask(fleet, "before", "quick", before);
      await whenIn(fleet, "quick", { done: before.length });
      await waitUntil("the process died twice", () => fleet.process("one").deaths.length >= 2);
      const after = named("after", scaled(100, 10));
      await ask(fleet, "after", "quick", after);
      await whenIn(fleet, "quick", { done: before.length + after.length });
      const crashing = await statesOf(fleet, "crash");
      await whenIn(fleet, "crash", { failed: 1 });
      await whenIn(fleet, "linger", { done: lingering.length });

      const { deaths } = fleet.process("one");
      say("crashing job", { backend, seed: SEED, deaths, lingering: lingering.length, stateWhenNeighboursWereDone: crashing });
      expect(deaths).toEqual(["SIGKILL", "SIGKILL"]);
      expect(await sql`select deaths, deaths_alone, failures, reason from chores.holon_jobs where name = 'crash'`).toEqual([
        { deaths: 2, deaths_alone: 3, failures: 0, reason: "crashed its process" },
      ]);
      expect(await sql`select distinct deaths, deaths_alone, failures, state from chores.holon_jobs where name = 'linger'`).toEqual([
        { deaths: 2, deaths_alone: 0, failures: 0, state: "done" },
      ]);
      expect(await sql`select name from chores.holon_jobs where failures > 0 or (state = 'failed' and name <> 'crash')`).toHaveLength(0);

      await sql`insert into chores.fixed (job) values ('crash')`;
      await rerunChore(fleet, "crash");
      await whenIn(fleet, "crash", { done: 1 });
      const effects = await sql<{ name: string }[]>`select name from chores.effects where job in ('linger', 'quick', 'crash') order by name`;
      expect(effects.map(({ name }) => name)).toEqual(["crash", ...after, ...before, ...lingering].sort());
      expect(fleet.process("one").deaths).toEqual(deaths);
    }),
  );

  it("that fails is tried a bounded number of times, with jitter, and is kept; run again after it is fixed, it has its effect once", options, () =>
    withFleet(backend, ["one", "two"], async (fleet) => {
      const sql = fleet.sql("chores");
      const failing = named("fail", scaled(100, 10));
      const hanging = named("hang", scaled(20, 2));
      await ask(fleet, "fail", "fail", failing);
      await ask(fleet, "hang", "hang", hanging);
      await whenIn(fleet, "fail", { failed: failing.length });
      await whenIn(fleet, "hang", { failed: hanging.length });

      const retries = fleet.processes
        .flatMap(({ logged }) => logged)
        .filter(({ msg, job }) => msg === "a job failed and is tried again" && job === "chores.fail");
      const waits = retries.map(({ waitMs }) => waitMs as number);
      say("failing jobs", { backend, seed: SEED, failed: failing.length, hanging: hanging.length, waits: waits.length });
      expect(await sql`select distinct failures, deaths, reason <> '' as said from chores.holon_jobs where name = 'fail'`).toEqual([
        { failures: 4, deaths: 0, said: true },
      ]);
      expect(await sql`select distinct failures, deaths, reason ~ 'DEADLINE' as late from chores.holon_jobs where name = 'hang'`).toEqual([
        { failures: 2, deaths: 0, late: true },
      ]);
      expect(waits).toHaveLength(failing.length * 3);
      expect(new Set(waits).size).toBeGreaterThan(waits.length / 2);
      for (const { waitMs, failures } of retries) expect(waitMs as number).toBeLessThanOrEqual(Math.min(800, 200 * 2 ** ((failures as number) - 1)));

      await sql`insert into chores.fixed (job) values ('fail'), ('hang')`;
      const again: FailedChore[] = [];
      for (const job of ["fail", "hang"]) again.push(...(await rerunChore(fleet, job)), ...(await rerunChore(fleet, job)));
      await whenIn(fleet, "fail", { done: failing.length });
      await whenIn(fleet, "hang", { done: hanging.length });
      const effects = await sql<{ name: string }[]>`select name from chores.effects where job in ('fail', 'hang') order by name`;
      expect(effects.map(({ name }) => name)).toEqual([...failing, ...hanging].sort());
      expect(again).toHaveLength(failing.length + hanging.length);
    }),
  );

  it("that blocks its process for longer than a lease, beside a process that could take it, is run once, and no death is counted", options, () =>
    withFleet(backend, REPLICAS, async (fleet) => {
      const sql = fleet.sql("chores");
      const computing = named("compute", 2);
      await ask(fleet, "compute", "compute", computing);
      await whenIn(fleet, "compute", { done: computing.length });
      expect(await sql`select distinct attempts, deaths, failures from chores.holon_jobs where name = 'compute'`).toEqual([
        { attempts: 1, deaths: 0, failures: 0 },
      ]);
      expect(await sql`select name from chores.effects where job = 'compute' order by name`).toEqual(computing.map((name) => ({ name })));
      const blocked = fleet.processes.flatMap(({ logged }) => logged).filter(({ msg }) => String(msg).startsWith("the process is blocked"));
      say("computing jobs", { backend, seed: SEED, blocked: blocked.length });
      expect(blocked.length).toBeGreaterThan(0);
      for (const { running } of blocked) expect(running).toContain("chores.compute");
    }),
  );

  it("of a schedule is enqueued once a tick by three replicas, also while they die", options, () =>
    withFleet(backend, REPLICAS, async (fleet) => {
      const sql = fleet.sql("chores");
      const ticks = scaled(60, 8);
      const firesOf = ({ logged }: Fleet["processes"][number]): number => logged.filter(({ msg }) => msg === "a schedule fired").length;
      const firers = new Set<string>();
      let killed = 0;
      for (let seen = 0; seen < ticks || firers.size < 2; ) {
        await waitUntil("another tick", async () => Number((await sql`select count(*) as n from chores.fires`)[0]?.["n"]) > seen);
        seen = Number((await sql`select count(*) as n from chores.fires`)[0]?.["n"]);
        for (const replica of fleet.processes) if (firesOf(replica) > 0) firers.add(replica.name);
        // The process that fires most is killed, so that another one has to take over.
        const [busiest] = [...fleet.processes].sort((one, other) => firesOf(other) - firesOf(one));
        if (seen % 3 === 0 && busiest?.kill() === true) killed++;
      }
      const isDone: State = await waitUntilTicksAreDone(fleet);
      const fires = await sql<
        { due: Date; chained: boolean }[]
      >`select due, lag(next) over (order by id) is null or lag(next) over (order by id) = due as chained from chores.fires order by id`;
      say("schedule", { backend, seed: SEED, ticks: fires.length, killed, firers: [...firers] });
      expect(killed).toBeGreaterThan(0);
      expect(firers.size).toBeGreaterThan(1);
      expect(fires.filter(({ chained }) => !chained)).toEqual([]);
      expect(new Set(fires.map(({ due }) => due.getTime())).size).toBe(fires.length);
      expect(isDone).toEqual({ fires: fires.length, jobs: fires.length, effects: fires.length });
    }),
  );

  /** Stops the schedule, and waits until each of its jobs is done. */
  async function waitUntilTicksAreDone(fleet: Fleet): Promise<State> {
    const sql = fleet.sql("chores");
    await sql`update chores.holon_schedules set next_at = 'infinity'`;
    await sql`delete from chores.fires where next = 'infinity'`;
    let state: State = {};
    await waitUntil("all ticks are done", async () => {
      const [row] = await sql<{ fires: number; jobs: number; effects: number; open: number }[]>`select
        (select count(*)::int from chores.fires) as fires, (select count(*)::int from chores.holon_outbox where name = 'tick') as jobs,
        (select count(*)::int from chores.effects where job = 'tick') as effects,
        (select count(*)::int from chores.holon_outbox where settled_at is null) + (select count(*)::int from chores.holon_jobs where state <> 'done') as open`;
      const { open = -1, ...counts } = row ?? {};
      state = counts;
      return open === 0 || row;
    });
    return state;
  }
});
