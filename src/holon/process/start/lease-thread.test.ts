import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { job } from "../../work/jobs/job.ts";
import { useJobs } from "../../work/jobs/jobs.testing.ts";

const place = useJobs();
const Data = z.object({ ms: z.int() });
const timing = { leaseMs: 1_800, sweepMs: 100, resendAfterMs: 300, resendLostMs: 100 };
const jobs = { compute: job(Data), crowd: job(Data, { concurrency: 3 }), loop: job(Data), wait: job(Data) };

/**
 * The lease of a process that is blocked several times. Whenever its event loop runs in between, the second thread has to wait again for a third of a lease and
 * to open a new connection.
 */
const CROWD_LEASE_MS = 3_000;

/** Another process that takes the same jobs, and its log. */
class Blocking {
  readonly #child: ChildProcess;
  readonly ended: Promise<unknown>;
  text = "";

  constructor(leaseMs = timing.leaseMs) {
    const program = fileURLToPath(new URL("lease-child.testing.ts", import.meta.url));
    this.#child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", program, place.url, place.role ?? "", String(leaseMs)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
    });
    this.ended = new Promise((resolve) => this.#child.once("exit", resolve));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Lines of the log whose message begins with this text. */
  lines(message: string): readonly Record<string, unknown>[] {
    return this.text
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => typeof msg === "string" && msg.startsWith(message));
  }
}

let blocking: Blocking | undefined;
afterEach(async () => {
  blocking?.signal("SIGKILL");
  await blocking?.ended;
  blocking = undefined;
});

/** Lets the other process take jobs of one name, and then works beside it. Returns the ids of the jobs. */
async function besideAll(name: keyof typeof jobs, eachMs: readonly number[], leaseMs = timing.leaseMs): Promise<readonly string[]> {
  const ids = await place.append(eachMs.map((ms) => ({ name, data: { ms } })));
  const first = await place.start(jobs, {}, { timing: { ...timing, sweepMs: 3_600_000 } });
  place.queues.reachable = false;
  await place.publish(first);
  await first.close();
  blocking = new Blocking(leaseMs);
  for (const id of ids) await until(async () => (await place.row(id))["state"] === "running");
  place.queues.reachable = true;
  const other = place.completing();
  await place.start(jobs, { compute: other, crowd: other, loop: other, wait: other }, { timing: { ...timing, leaseMs } });
  return ids;
}

async function beside(name: keyof typeof jobs, ms: number): Promise<string> {
  const [id = ""] = await besideAll(name, [ms]);
  return id;
}

describe("a process that is blocked for longer than its leases", () => {
  it("keeps them, by its second thread: its job is run once, nothing is counted as a death, and the log says which job blocks", async () => {
    const id = await beside("compute", 6_000);
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ attempts: 1, deaths: 0, failures: 0 });
    expect(await place.sql`select job, attempt from orders.effects`).toEqual([{ job: "child", attempt: 1 }]);
    await until(() => blocking?.lines("the process is no longer blocked").length === 1);
    expect(blocking?.lines("the process is blocked")).toMatchObject([{ level: "warn", running: ["orders.compute"] }]);
  });

  it("keeps those of the jobs that it has claimed and that wait for their turn: no death is counted for them", async () => {
    const ids = await besideAll("compute", [6_000, 0, 0]);
    for (const id of ids) await place.is(id, "done");
    for (const id of ids) expect(await place.row(id)).toMatchObject({ deaths: 0, failures: 0 });
    expect(await place.effectCount()).toBe(3);
  });

  it("keeps those of jobs that begin together and block it one after the other, each within its own timeout: each is called once", async () => {
    const ids = await besideAll("crowd", [2_500, 2_500, 2_500], CROWD_LEASE_MS);
    for (const id of ids) await place.is(id, "done");
    const counts = await Promise.all(ids.map(async (id) => place.row(id)));
    expect(counts).toMatchObject(ids.map(() => ({ attempts: 1, deaths: 0, failures: 0 })));
    expect(blocking?.lines("one of a crowd begins")).toHaveLength(3);
    expect(await place.effectCount()).toBe(0);
  });

  it("keeps those of runs whose steps begin together and block it one after the other, each within its own timeout: each is called once", async () => {
    await place.sql`insert into orders.holon_runs (id, workflow, version, key, state, input, initiator, wake_at)
      select gen_random_uuid(), 'crowd', 1, n::text, 'waiting', '{}', '{"kind":"anonymous"}', now() from generate_series(1, 3) n`;
    blocking = new Blocking(CROWD_LEASE_MS);
    const runs = () => place.sql`select state, deaths, fence::int from orders.holon_runs`;
    await until(async () => (await runs()).every((run) => run["state"] === "done"));
    expect(await runs()).toEqual([1, 2, 3].map(() => ({ state: "done", deaths: 0, fence: 1 })));
    expect(blocking.lines("one of a crowd begins")).toHaveLength(3);
    await place.sql`delete from orders.holon_runs`;
  });

  it("keeps those of workflows as well: its step is run once, and the log names it", async () => {
    const id = randomUUID();
    await place.sql`insert into orders.holon_runs (id, workflow, version, key, state, input, initiator, wake_at)
      values (${id}, 'order', 1, 'k', 'waiting', '{}', '{"kind":"anonymous"}', now())`;
    blocking = new Blocking();
    const runOf = async () => (await place.sql`select state, deaths, fence::int from orders.holon_runs where id = ${id}`)[0];
    await until(async () => (await runOf())?.["state"] === "done");
    expect(await runOf()).toMatchObject({ deaths: 0, fence: 1 });
    expect(blocking.lines("the process is blocked")).toMatchObject([{ running: ["orders.order compute"] }]);
    await place.sql`delete from orders.holon_runs`;
  });

  it("keeps them no longer than its job may take: one that computes without end is run by another process", async () => {
    const id = await beside("loop", 0);
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ attempts: 2, deaths: 1 });
    expect(blocking?.lines("the process is blocked")).toMatchObject([{ running: ["orders.loop"] }]);
  });

  it("loses them when it is frozen, its second thread too", async () => {
    const id = await beside("wait", 0);
    blocking?.signal("SIGSTOP");
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ attempts: 2, deaths: 1 });
    blocking?.signal("SIGCONT");
    await until(() => (blocking?.lines("a job was aborted, because its lease was lost").length ?? 0) === 1);
    expect(await place.effectCount()).toBe(1);
  });
});
