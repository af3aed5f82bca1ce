import { expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { ExplainingDatabase } from "../engine/explaining-database.testing.ts";
import { JobTable } from "./job-table.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const COUNT = 10_000;

/** Inserts rows of `holon_jobs`. A waiting job is due, and was sent, at these moments. Units: minutes from now. */
async function jobs(count: number, name: string, dueMin: number, sentMin: number | null, state = "waiting"): Promise<void> {
  const moment = (minutes: number | null): string =>
    minutes === null ? "null" : `now() + interval '${minutes} minutes' + n * interval '1 microsecond'`;
  await place.sql.unsafe(`insert into orders.holon_jobs (id, name, state, data, initiator, due_at, sent_count, sent_at)
    select gen_random_uuid(), '${name}', '${state}', '{}', '{"kind":"anonymous"}', ${moment(dueMin)}, ${sentMin === null ? 0 : 1}, ${moment(sentMin)}
    from generate_series(1, ${count}) n`);
}

it("the queries for jobs read only what they find, however many are done, delayed, on a full queue, or of other versions", async () => {
  await jobs(COUNT, "send", -60, -60, "done");
  await jobs(COUNT, "send", 24 * 60, -60);
  await jobs(COUNT, "send", -60, -1);
  await jobs(COUNT, "send", -60, -20);
  await jobs(COUNT, "unheardOf", -60, null);
  await jobs(COUNT, "unheardOf", -60, -20);
  await jobs(10, "slow", -60, -20);
  await jobs(10, "slow", -60, null);
  await place.sql`vacuum analyze orders.holon_jobs`;
  const database = new ExplainingDatabase(place.store, systemClock);
  const table = new JobTable({ database, names: ["send", "slow", "never"], clock: systemClock });
  await table.overdue(5_000);
  await table.overdue(600_000);
  await table.resend(["slow", "never"], { forMs: 5_000, priority: Number.POSITIVE_INFINITY }, 500);
  await table.resend(["send", "never"], { forMs: 600_000, priority: 0 }, 500);
  await table.takeUnsent(["slow", "never"], 500);
  expect(database.takeReadInVain()).toEqual([0, 0, 0, 0, 0]);
});

it("jobs are taken over by reading only their rows of the outbox, however many events wait there for subscribers", async () => {
  await place.append([{}, {}]);
  await place.sql`insert into orders.holon_outbox (kind, name, payload, initiator, sent_count)
    select 'event', 'placed', '{}', '{"kind":"anonymous"}', 1 from generate_series(1, ${COUNT})`;
  await place.append([{}, {}]);
  await place.sql`vacuum analyze orders.holon_outbox`;
  const rows = await place.sql<{ id: string; position: number }[]>`select id, position::int from orders.holon_outbox where kind = 'job'`;
  const database = new ExplainingDatabase(place.store, systemClock);
  const table = new JobTable({ database, names: ["send"], clock: systemClock });
  await table.unreadable(rows);
  await table.takeOver(rows);
  const taken = await place.sql`select id from orders.holon_jobs`;
  expect([taken.length, database.takeReadInVain()]).toEqual([4, [0, 0]]);
});

it("the look for lost jobs that are urgent reads a limited number of those that are not, however many wait", async () => {
  const options = (priority: number | null): string => (priority === null ? "null" : `'{"priority": ${priority}}'`);
  const waiting = async (name: string, priority: number | null, count: number): Promise<void> => {
    await jobs(count, name, -60, -20);
    await place.sql.unsafe(`update orders.holon_jobs set options = ${options(priority)} where name = '${name}' and options is null`);
    await place.sql.unsafe(`update orders.holon_jobs set name = 'mixed' where name = '${name}'`);
  };
  for (const [name, priority, count] of [
    ["first", 7, 100],
    ["second", null, 2],
    ["third", 3, 1],
    ["fourth", 7, 2 * COUNT],
  ] as const)
    await waiting(name, priority, count);
  await place.sql`vacuum analyze orders.holon_jobs`;
  const database = new ExplainingDatabase(place.store, systemClock);
  const table = new JobTable({ database, names: ["mixed"], clock: systemClock });
  await table.resend(["mixed"], { forMs: 5_000, priority: 3 }, 500);
  expect(database.takeReadInVain()[0]).toBeLessThan(COUNT);
  const sent = await place.sql`select options, count(*)::int from orders.holon_jobs where sent_count = 2 group by options order by count`;
  expect(sent).toEqual([
    { options: { priority: 3 }, count: 1 },
    { options: null, count: 2 },
  ]);
});
