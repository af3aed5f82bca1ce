import { describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { job } from "./job.ts";
import { SWEEP_COUNT } from "./job-table.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const specs = { send: job(z.object({}), { concurrency: 50 }) };

const sentCount = async () => (await place.sql`select sum(sent_count)::int as n from orders.holon_jobs`)[0]?.["n"] as number;
const doneCount = async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length;

/** Waits a second by the clock of the database: a loop without a pause would try hundreds of times in it. */
async function aSecond(): Promise<void> {
  const [from] = await place.sql`select now()::text as at`;
  await until(async () => (await place.sql`select 1 where now() > ${from?.["at"]}::timestamptz + interval '1 second'`).length === 1);
}

describe("jobs that another version left", () => {
  it("are tried once a wake while their queue refuses them, then one at a time, and are all sent when it takes that one", async () => {
    await place.start(specs, { send: async () => {} });
    await place.sql`insert into orders.holon_jobs (id, name, state, data, initiator)
      select gen_random_uuid(), 'send', 'waiting', '{}', '{"kind":"anonymous"}' from generate_series(1, ${SWEEP_COUNT})`;
    place.queues.isRefusing = true;
    place.store.leftWork();
    await until(async () => (await sentCount()) >= SWEEP_COUNT);
    await aSecond();
    expect(await sentCount()).toBe(SWEEP_COUNT);
    place.store.leftWork();
    await until(async () => (await sentCount()) > SWEEP_COUNT);
    await aSecond();
    expect(await sentCount()).toBe(SWEEP_COUNT + 1);
    place.queues.isRefusing = false;
    place.store.leftWork();
    await until(async () => (await doneCount()) === SWEEP_COUNT);
  });

  it("of one queue are sent while another queue refuses older ones", async () => {
    const limited = job(z.object({}), { concurrency: 50 });
    await place.start({ send: limited, ship: limited }, { send: async () => {}, ship: async () => {} });
    place.queues.refusing.add("jobs.orders.send");
    for (const name of ["send", "ship"]) {
      await place.sql`insert into orders.holon_jobs (id, name, state, data, initiator)
        select gen_random_uuid(), ${name}, 'waiting', '{}', '{"kind":"anonymous"}' from generate_series(1, ${SWEEP_COUNT})`;
    }
    place.store.leftWork();
    await until(() => place.queues.refused > 0);
    place.store.leftWork();
    await until(async () => (await doneCount()) === SWEEP_COUNT);
    expect(await place.sql`select name, count(*)::int from orders.holon_jobs where state = 'waiting' group by 1`).toEqual([
      { name: "send", count: SWEEP_COUNT },
    ]);
    place.queues.refusing.clear();
    place.store.leftWork();
    await until(async () => (await doneCount()) === 2 * SWEEP_COUNT);
  });
});

describe("jobs that a queue lost", () => {
  it("are all sent again in one sweep, though the queue is not idle any more after the first page", async () => {
    const work = await place.start({ send: job(z.object({})) }, { send: () => new Promise(() => {}) }, { timing: { graceMs: 0 } });
    await place.sql`insert into orders.holon_jobs (id, name, state, data, initiator, due_at, sent_count, sent_at)
      select gen_random_uuid(), 'send', 'waiting', '{}', '{"kind":"anonymous"}', now() - interval '1 hour', 1, now() - interval '1 hour' from generate_series(1, ${2 * SWEEP_COUNT + 1})`;
    await work.sweep();
    expect(await place.sql`select 1 from orders.holon_jobs where sent_count = 1`).toEqual([]);
  });
});
