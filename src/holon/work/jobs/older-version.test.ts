import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { createQueueBackend } from "../queue/bull-backend.ts";
import { hasRedis, startTestRedis } from "../queue/redis-server.testing.ts";
import { schedule } from "../schedules/schedule.ts";
import { job } from "./job.ts";
import type { JobHandler } from "./job-call.ts";
import { effects } from "./jobs.fixture.testing.ts";
import { type OpenedBackend, useBackend, useJobs } from "./jobs.testing.ts";
import type { JobWork } from "./start-job-work.ts";

const place = useJobs();
const Data = z.object({ n: z.int() });
const services = { log: silentLogger, clock: systemClock, prefix: "older" };

const OLD = { send: job(Data) };
const NEW = { send: job(Data), thank: job(Data) };

/** A handler that writes its effect together with the end of the job. */
const completing =
  (name: string): JobHandler =>
  (call) =>
    place.store.transaction(call.scope, async (tx) => {
      await tx.db.insert(effects).values({ job: `${name} ${(call.data as { n: number }).n}`, attempt: call.attempt });
      await call.complete(tx, undefined);
    });

const rows = () =>
  place.sql<
    { name: string; state: string; attempts: number; deaths: number }[]
  >`select name, state, attempts, deaths from orders.holon_jobs order by created_at, id`;
const doneCount = async () => (await rows()).filter(({ state }) => state === "done").length;
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const jobsOf = (name: string, count: number) => range(count).map((n) => ({ name, data: { n } }));

/** What an older version of a context does, with each backend, with the jobs of a newer one. */
function behaves(open: () => Promise<OpenedBackend>): void {
  const opened = useBackend(open);
  afterEach(async () => {
    for (const queue of ["jobs.orders", "jobs.orders.thank"]) await opened.backend.inspect(queue).obliterate({ force: true });
  });
  const startOlder = (counts: unknown[] = []): Promise<JobWork> =>
    place.start(OLD, { send: completing("send") }, { backend: opened.backend, timing: { sweepMs: 50 }, left: (...count) => counts.push(count) });
  const startNewer = (thank = NEW.thank, timing = { sweepMs: 50 }): Promise<JobWork> =>
    place.start({ ...NEW, thank }, { send: completing("send"), thank: completing("thank") }, { backend: opened.backend, timing });

  it("runs each job once beside the newer version, as the first attempt", async () => {
    await startOlder();
    const newer = await startNewer();
    await place.append([...jobsOf("thank", 30), ...jobsOf("send", 30)]);
    await place.publish(newer);
    await until(async () => (await doneCount()) === 60);
    expect(await place.effectCount()).toBe(60);
    expect((await rows()).filter(({ attempts, deaths }) => attempts !== 1 || deaths !== 0)).toEqual([]);
  });

  it("takes over jobs that it does not know, keeps them without an attempt, counts them, and runs its own", async () => {
    const counts: unknown[] = [];
    const older = await startOlder(counts);
    await place.append([...jobsOf("thank", 3), ...jobsOf("send", 3)]);
    await place.publish(older);
    await until(async () => (await doneCount()) === 3);
    for (const _ of range(3)) await older.sweep();
    const thanks = (await rows()).filter(({ name }) => name === "thank");
    expect(thanks).toEqual(range(3).map(() => ({ name: "thank", state: "waiting", attempts: 0, deaths: 0 })));
    expect(counts).toEqual([["job", "orders", "thank", 3]]);
    await startNewer();
    await until(async () => (await doneCount()) === 6);
    expect(await place.effectCount()).toBe(6);
  });

  it("leaves a job whose delay it cannot read in the outbox, counts it, and takes over the jobs beside it", async () => {
    const counts: unknown[] = [];
    const older = await startOlder(counts);
    await place.append(jobsOf("send", 3));
    await place.sql`update orders.holon_outbox set options = '{"delayMs": "soon"}' where position = (select min(position) from orders.holon_outbox where settled_at is null)`;
    await place.sql`update orders.holon_outbox set options = '{"delayMs": 1e300}' where position = (select max(position) from orders.holon_outbox)`;
    await place.publish(older);
    await until(async () => (await doneCount()) === 1);
    expect(await place.sql`select count(*)::int from orders.holon_outbox where settled_at is null`).toEqual([{ count: 2 }]);
    expect(counts).toEqual([["delay", "orders", "send", 2]]);
    await place.sql`delete from orders.holon_outbox where settled_at is null`;
  });

  it("wakes the process that knows a job that it took over, long before that process would look itself", async () => {
    await startNewer(NEW.thank, { sweepMs: 3_600_000 });
    const older = await startOlder();
    await place.append(jobsOf("thank", 1));
    await place.publish(older);
    await until(async () => (await doneCount()) === 1);
    expect(await place.effectCount()).toBe(1);
  });

  it("leaves jobs to a process that gives them back at its stop, if they do not end within the grace", async () => {
    let began = false;
    const thank: JobHandler = async ({ scope }) => {
      began = true;
      await new Promise((_, reject) => scope.onCancel(reject));
    };
    const newer = await place.start(
      NEW,
      { send: completing("send"), thank },
      { backend: opened.backend, timing: { sweepMs: 3_600_000, graceMs: 50 } },
    );
    const older = await startOlder();
    await place.append(jobsOf("thank", 1));
    await place.publish(older);
    await until(() => began);
    await newer.close();
    expect(await rows()).toEqual([{ name: "thank", state: "waiting", attempts: 1, deaths: 0 }]);
  });

  it("keeps the limit of a job that has a queue of its own in the newer version, even if it takes the job over itself", async () => {
    const limited = job(Data, { concurrency: 1 });
    let running = 0;
    let greatest = 0;
    await place.start(
      { ...NEW, thank: limited },
      {
        send: completing("send"),
        thank: async (call) => {
          greatest = Math.max(greatest, ++running);
          await completing("thank")(call);
          running--;
        },
      },
      { backend: opened.backend, timing: { sweepMs: 50 } },
    );
    const older = await startOlder();
    await place.append(jobsOf("thank", 12));
    await place.publish(older);
    // An older version, in which the job has no limit, puts it on the shared queue like this.
    const ids = await place.sql<{ id: string }[]>`select id from orders.holon_jobs where name = 'thank'`;
    await opened.backend.add(
      "jobs.orders",
      ids.map(({ id }) => ({ id: randomUUID(), name: "thank", data: { ids: [id] } })),
    );
    await until(async () => (await doneCount()) === 12);
    expect({ greatest, effects: await place.effectCount() }).toEqual({ greatest: 1, effects: 12 });
  });

  it("leaves messages that it does not understand on the queue for other versions, and counts them", async () => {
    const counts: unknown[] = [];
    const seen: unknown[] = [];
    await startOlder(counts);
    await opened.backend.add("jobs.orders", [
      { id: "strange-1", name: "send", data: { batch: ["x"] } },
      { id: "strange-2", name: "send", data: ["x"] },
      { id: "strange-3", name: "thank", data: { ids: [randomUUID()] } },
    ]);
    await until(() => ["message", "job"].every((kind) => counts.some((count) => (count as readonly unknown[])[0] === kind)));
    const taker = opened.backend.work("jobs.orders", { concurrency: 5 }, async ({ name, data }) => seen.push({ name, data }));
    await until(() => seen.length >= 1);
    await taker.close();
    expect(counts).toEqual(
      expect.arrayContaining([
        ["message", "orders", "jobs.orders send", 1],
        ["job", "orders", "thank", 1],
      ]),
    );
  });

  it("does not change rows in a state that it does not know", async () => {
    const older = await startOlder();
    await place.sql`alter table orders.holon_jobs drop constraint holon_jobs_state_check`;
    try {
      const id = randomUUID();
      await place.sql`insert into orders.holon_jobs (id, name, state, data, initiator, leased_until, settled_at)
        values (${id}, 'send', 'paused', '{"n":1}', '{"kind":"anonymous"}', now() - interval '1 day', now() - interval '100 days')`;
      await opened.backend.add("jobs.orders", [{ id: randomUUID(), name: "send", data: { ids: [id] } }]);
      await place.append(jobsOf("send", 1));
      await place.publish(older);
      await until(async () => (await doneCount()) === 1);
      await older.sweep();
      expect(await place.row(id)).toMatchObject({ state: "paused", attempts: 0, deaths: 0 });
      expect(await older.rerun(id)).toBe(false);
    } finally {
      await place.sql`delete from orders.holon_jobs where state = 'paused'`;
      await place.sql`alter table orders.holon_jobs add constraint holon_jobs_state_check check (state in ('running', 'waiting', 'done', 'failed'))`;
    }
  });

  it("does not change the schedules of the newer version when it starts, and does not fire them", async () => {
    const newer = await place.start(
      NEW,
      { send: completing("send"), thank: completing("thank") },
      { backend: opened.backend, schedules: { thanks: schedule("0 0 1 1 *", "thank", { n: 1 }) } },
    );
    // Otherwise the newer version would fire the schedules itself.
    await newer.close();
    await place.sql`update orders.holon_schedules set next_at = now() - interval '1 hour'`;
    const [before] = await place.sql`select * from orders.holon_schedules`;
    const older = await place.start(
      OLD,
      { send: completing("send") },
      { backend: opened.backend, schedules: { sends: schedule("0 0 1 1 *", "send", { n: 1 }) } },
    );
    await older.tick();
    expect(await place.sql`select * from orders.holon_schedules where name = 'thanks'`).toEqual([before]);
  });
}

describe("an older version of a context with jobs, on Postgres", () => {
  behaves(async () => ({
    backend: await createQueueBackend({ kind: "postgres", url: place.url, schema: "older_queue" }, services),
    end: async () => {},
  }));
});

describe.skipIf(!hasRedis)("an older version of a context with jobs, on Redis (left out where no redis-server is installed)", () => {
  behaves(async () => {
    const redis = await startTestRedis();
    return { backend: await createQueueBackend({ kind: "redis", url: redis.url }, services), end: () => redis.stop() };
  });
});
