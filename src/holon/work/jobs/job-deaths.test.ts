import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Child, startChild, until } from "../../data/child.testing.ts";
import { job } from "./job.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const specs = {
  crash: job(z.object({})),
  hang: job(z.object({}), { timeoutMs: 100 }),
  innocent: job(z.object({}), { attempts: 1 }),
  neighbour: job(z.object({})),
};

/** Keeps one process running, and notes how it died each time. */
class Nursery {
  deaths: (NodeJS.Signals | null)[] = [];
  #child: Child | undefined;
  #closed = false;

  start(): void {
    this.#child = startChild("../work/jobs/job-child.testing.ts", [place.url, place.role ?? ""]);
    const { process } = this.#child;
    process.once("exit", (_code, signal) => {
      if (this.#closed) return;
      this.deaths.push(signal);
      this.start();
    });
  }

  kill(): void {
    this.#child?.process.kill("SIGKILL");
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.kill();
    await this.#child?.ended;
  }
}

let nursery = new Nursery();
afterEach(() => nursery.close());

/** Takes jobs over, and leaves it to the nursery's process to run them. */
async function takeOver(names: readonly string[]): Promise<readonly string[]> {
  const work = await place.start(specs, {});
  await work.close();
  const ids = await place.append(names.map((name) => ({ name })));
  place.queues.reachable = false;
  await place.publish(work);
  return ids;
}

describe("a job that kills its process", () => {
  it("is run alone after two deaths and set aside after three more; the jobs beside it are done, and it can be run again once it is fixed", async () => {
    const [crash = "", innocent = "", neighbour = ""] = await takeOver(["crash", "innocent", "neighbour"]);
    nursery = new Nursery();
    nursery.start();
    await place.is(crash, "failed");
    await place.is(innocent, "done");
    await place.is(neighbour, "done");
    expect(nursery.deaths).toEqual(["SIGKILL", "SIGKILL"]);
    expect(await place.row(crash)).toMatchObject({ deaths: 2, deaths_alone: 3, failures: 0, reason: "crashed its process", attempts: 5 });
    expect(await place.row(innocent)).toMatchObject({ deaths: 2, deaths_alone: 0, failures: 0, attempts: 3, alone: true });
    expect(await place.sql`select job from orders.effects order by 1`).toEqual([{ job: "innocent" }, { job: "neighbour" }]);

    await place.sql`insert into orders.effects (job, attempt) values ('fixed', 0)`;
    const other = await place.start(specs, {});
    expect(await other.rerun(crash)).toBe(true);
    await place.is(crash, "done");
    expect(await place.sql`select job, attempt from orders.effects where job = 'crash'`).toEqual([{ job: "crash", attempt: 6 }]);
    expect(nursery.deaths.length).toBe(2);
  });

  it("or keeps it busy for ever is counted as dead when its time is over, and runs once when it is fixed", async () => {
    const [hang = ""] = await takeOver(["hang"]);
    await place.sql`update orders.holon_jobs set deaths = 2`;
    nursery = new Nursery();
    nursery.start();
    await until(async () => (await place.row(hang))["deaths_alone"] === 1);
    await place.sql`insert into orders.effects (job, attempt) values ('fixed', 0)`;
    await place.is(hang, "done");
    expect([nursery.deaths, await place.sql`select job from orders.effects where job = 'hang'`]).toEqual([[], [{ job: "hang" }]]);
  });

  it("is not set aside for deaths that other jobs caused, however many", async () => {
    const [innocent = ""] = await takeOver(["innocent"]);
    nursery = new Nursery();
    nursery.start();
    for (let deaths = 1; deaths <= 2; deaths++) {
      await until(async () => {
        const row = await place.row(innocent);
        return row["state"] === "running" && row["attempts"] === deaths;
      });
      nursery.kill();
      await until(() => nursery.deaths.length === deaths);
    }
    await place.is(innocent, "done");
    expect(await place.row(innocent)).toMatchObject({ deaths: 2, deaths_alone: 0, failures: 0, attempts: 3 });
  });
});
