import { describe, expect, it } from "vitest";
import { z } from "zod";
import { signal, until } from "../../data/child.testing.ts";
import { job } from "./job.ts";
import type { JobHandler } from "./job-call.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const specs = { send: job(z.object({}), { concurrency: 1 }) };
const keyed = { options: { deduplicationKey: "k" } };

describe("a deduplication key", () => {
  it("is kept until the run of its job begins, also while a busy process claims the job ahead and passes it on", async () => {
    const release = signal();
    const began: number[] = [];
    const send: JobHandler = async () => {
      began.push(began.length);
      await release.promise;
    };
    const work = await place.start(specs, { send });
    // The first one runs. The second one is claimed ahead of it, and passed on.
    const [, id = ""] = await place.append([{}, keyed]);
    await place.publish(work);
    await until(async () => ((await place.row(id))["sent_count"] as number) > 1 && (await place.row(id))["state"] === "waiting");
    await place.append([keyed]);
    await place.publish(work);
    expect(await place.sql`select state, attempts, deduplication_key from orders.holon_jobs where options ->> 'deduplicationKey' = 'k'`).toEqual([
      { state: "waiting", attempts: 0, deduplication_key: "k" },
    ]);
    release.resolve();
    await place.is(id, "done");
    const [again = ""] = await place.append([keyed]);
    await place.publish(work);
    await place.is(again, "done");
    expect(began.length).toBe(3);
  });

  it("is free once the run has begun, and stays free while the job waits for its next attempt", async () => {
    const entered = signal();
    let runs = 0;
    const send: JobHandler = async () => {
      runs++;
      entered.resolve();
      if (runs === 1) throw new TypeError("once");
    };
    const work = await place.start(
      { send: job(z.object({}), { backoff: { firstMs: 600_000, greatestMs: 600_000 } }) },
      { send },
      { random: () => 0.9 },
    );
    const [first = ""] = await place.append([keyed]);
    await place.publish(work);
    await until(async () => (await place.row(first))["failures"] === 1);
    const [second = ""] = await place.append([keyed]);
    await place.publish(work);
    await place.is(second, "done");
    expect(await place.row(first)).toMatchObject({ state: "waiting", deduplication_key: null });
  });

  it("of a job that is set aside without a run is free", async () => {
    const work = await place.start({ send: job(z.object({ n: z.int() })) }, { send: async () => {} });
    const [first = ""] = await place.append([{ ...keyed, data: { n: "x" } }]);
    await place.publish(work);
    await place.is(first, "failed");
    const [second = ""] = await place.append([{ ...keyed, data: { n: 1 } }]);
    await place.publish(work);
    await place.is(second, "done");
  });
});
