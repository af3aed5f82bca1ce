import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { signal, until } from "../../data/child.testing.ts";
import { job } from "./job.ts";
import type { JobHandler } from "./job-call.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const COUNT = 200;
const specs = { send: job(z.object({ n: z.int().optional() }), { attempts: 1, concurrency: COUNT }) };

/** Locks the row of a job, as a change by hand does. Returns a function that unlocks it. */
async function lock(id: string): Promise<() => Promise<void>> {
  const locked = signal();
  const release = signal();
  const locking = place.sql.begin(async (sql) => {
    await sql`select 1 from orders.holon_jobs where id = ${id} for update`;
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const unlock = async (): Promise<void> => {
    release.resolve();
    await locking;
  };
  onTestFinished(unlock);
  return unlock;
}

const counts = () => place.sql<{ state: string; count: number }[]>`select state, count(*)::int from orders.holon_jobs group by 1 order by 1`;
const lockWaits = async () => (await place.sql`select 1 from pg_stat_activity where wait_event_type = 'Lock'`).length;

describe("a statement that writes jobs", () => {
  it("waits for no locked row: the ends of other jobs are written at once, and that of the locked job after the lock, as a success", async () => {
    const release = signal();
    let running = 0;
    const send: JobHandler = async () => {
      running++;
      await release.promise;
    };
    const work = await place.start(specs, { send });
    const ids = await place.append(Array.from({ length: COUNT }, () => ({})));
    await place.publish(work);
    await until(() => running === COUNT);
    const unlock = await lock(ids[0] as string);
    release.resolve();
    await until(async () => (await counts()).some(({ state, count }) => state === "done" && count === COUNT - 1));
    expect([await counts(), await lockWaits()]).toEqual([
      [
        { state: "done", count: COUNT - 1 },
        { state: "running", count: 1 },
      ],
      0,
    ]);
    await unlock();
    await place.is(ids[0] as string, "done");
    expect(await place.sql`select distinct attempts, failures, deaths from orders.holon_jobs`).toEqual([{ attempts: 1, failures: 0, deaths: 0 }]);
    expect(running).toBe(COUNT);
  });

  it("waits for no locked row to claim jobs: the others run at once, and the locked job after the lock", async () => {
    const work = await place.start(specs, { send: place.completing() });
    const ids = await place.append(Array.from({ length: 20 }, () => ({})));
    place.queues.reachable = false;
    await place.publish(work);
    place.queues.reachable = true;
    const unlock = await lock(ids[0] as string);
    await place.queues.add(
      "jobs.orders.send",
      ids.map((id, n) => ({ id: `locked-${n}`, name: "send", data: { ids: [id] } })),
    );
    await until(async () => (await counts()).some(({ state, count }) => state === "done" && count === 19));
    expect(await lockWaits()).toBe(0);
    await unlock();
    await place.is(ids[0] as string, "done");
    expect(await place.effectCount()).toBe(20);
  });
});
