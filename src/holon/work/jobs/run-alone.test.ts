import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { createContextData } from "../../data/context-data.ts";
import { testLimits } from "../../data/database.testing.ts";
import { openSilentProxy } from "../../data/silent-proxy.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { job } from "./job.ts";
import { tables } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";
import { runJobAlone } from "./start-job-work.ts";

const place = useJobs();

/** A job that a parent has claimed, to run it alone. */
async function claimed(): Promise<string> {
  const id = randomUUID();
  await place.sql`
    insert into orders.holon_jobs (id, name, state, data, options, initiator, attempts, deaths, alone, run_by, running_since, leased_until)
    values (${id}, 'send', 'running', '{}', '{}', '{"kind":"anonymous"}', 3, 2, true, 'parent/1', now(), now() + interval '1 minute')`;
  return id;
}

describe("the child that runs a job alone", () => {
  it("runs it once although the connection is cut while the child reads its job", async () => {
    const proxy = await openSilentProxy(place.url);
    const timers = new Timers(() => systemClock.monotonicMs());
    const limits = testLimits();
    const store = createContextData({ context: "orders", url: proxy.url, role: place.role, tables, limits, clock: systemClock, log: silentLogger });
    onTestFinished(async () => {
      await store.close();
      timers.close();
      proxy.close();
    });
    const id = await claimed();
    const attempts: number[] = [];
    const handlers = new Map([["send", async ({ attempt }: { readonly attempt: number }) => void attempts.push(attempt)]]);
    const module = { name: "orders", jobs: { send: job(z.object({})) }, schedules: {} };
    const services = { clock: systemClock, timers, log: silentLogger, random: () => 0, newId: randomUUID };
    proxy.silenceAt("holon_jobs");
    const run = runJobAlone({ module, handlers, store, services }, { context: "orders", id, attempt: 3, timeoutMs: 60_000 });
    run.catch(() => {});
    await until(() => proxy.heldBytes > 0);
    proxy.silenceAt(undefined);
    proxy.speak("are cut");
    await run;
    expect([attempts, await place.row(id)]).toEqual([[3], expect.objectContaining({ state: "done", attempts: 3, deaths_alone: 0 })]);
  });
});
