import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { signal, until } from "../../data/child.testing.ts";
import { testLimits } from "../../data/database.testing.ts";
import { type ContextData, createContextData } from "../../data/index.ts";
import { openSilentProxy, type SilentProxy } from "../../data/silent-proxy.testing.ts";
import { silentLogger, systemClock } from "../../kernel/index.ts";
import { job } from "./job.ts";
import type { JobCall } from "./job-call.ts";
import { tables } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const specs = { send: job(z.object({}), { attempts: 1 }) };
const timing = { leaseMs: 900, sweepMs: 100, resendAfterMs: 300, resendLostMs: 100 };

/** A way to the database that can go silent. */
interface Line {
  readonly proxy: SilentProxy;
  readonly store: ContextData<typeof tables>;
}
let line: Line | undefined;

async function openLine(): Promise<Line> {
  const proxy = await openSilentProxy(place.url);
  const limits = testLimits({ poolCount: 4 });
  const store = createContextData({ context: "orders", url: proxy.url, role: place.role, tables, limits, clock: systemClock, log: silentLogger });
  line = { proxy, store };
  return line;
}

afterEach(async () => {
  line?.proxy.speak("are cut");
  await line?.store.close();
  line?.proxy.close();
  line = undefined;
});

const leaseIsOver = async (id: string): Promise<boolean> =>
  (await place.sql`select 1 from orders.holon_jobs where id = ${id} and leased_until < now()`).length === 1;

describe("the lease of a job", { timeout: 30_000 }, () => {
  it("that could not be renewed, because the database was away, is lost: the run is aborted, and its end does not touch the run after it", async () => {
    const { proxy, store } = await openLine();
    const calls: JobCall[] = [];
    const releases = [signal(), signal(), signal()];
    const work = await place.start(
      specs,
      {
        send: async (call) => {
          calls.push(call);
          // It does not look at its signal.
          await releases[calls.length - 1]?.promise;
        },
      },
      { store, timing },
    );
    const id = await place.enqueue(work);
    await until(() => calls.length === 1);
    proxy.silence();
    await until(() => leaseIsOver(id));
    await until(() => calls[0]?.scope.cancelled !== undefined);
    proxy.speak();
    await until(() => calls.length === 2);
    releases[0]?.resolve();
    const isOld = async () =>
      (await place.sql`select 1 from orders.holon_jobs where running_since < now() - interval '2 seconds' or state <> 'running'`).length === 1;
    await until(isOld);
    releases[1]?.resolve();
    await place.is(id, "done");
    expect(calls[0]?.scope.cancelled?.message).toMatch(/lease was lost/);
    expect(await place.row(id)).toMatchObject({ attempts: 2, deaths: 0, failures: 0 });
    expect(calls.length).toBe(2);
  });

  it("is of its run: when the same process has the next run of the job, the end of the first leaves it alone", async () => {
    const calls: JobCall[] = [];
    const releases = [signal(), signal(), signal()];
    const handler = async (call: JobCall) => {
      calls.push(call);
      await releases[calls.length - 1]?.promise;
    };
    const work = await place.start(specs, { send: handler }, { timing });
    const id = await place.enqueue(work);
    await until(() => calls.length === 1);
    // As a process does that took it for dead.
    await place.sql`update orders.holon_jobs set state = 'waiting', deaths = 1, due_at = now(), sent_at = null, run_by = null, leased_until = null`;
    await until(() => calls.length === 2);
    releases[0]?.resolve();
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where running_since < now() - interval '2 seconds'`).length === 1);
    releases[1]?.resolve();
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ attempts: 2, deaths: 1 });
  });
});
