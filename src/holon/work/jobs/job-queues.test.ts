import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { signal, until } from "../../data/child.testing.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { job } from "./job.ts";
import type { JobCall, JobHandler } from "./job-call.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const Data = z.object({ n: z.int().optional() });

describe("queues of jobs", () => {
  it("carry only the ids of jobs, by queue: a limited job has its own", async () => {
    const work = await place.start({ send: job(Data), slow: job(Data, { concurrency: 1 }) }, { send: async () => {}, slow: async () => {} });
    const ids = await place.append([{ name: "send", data: { n: 1 }, options: { priority: 3 } }, { name: "slow" }]);
    await place.publish(work);
    expect(place.queues.added).toEqual([
      { queue: "jobs.orders", job: { id: `${ids[0]}-1`, name: "send", data: { ids: [ids[0]] }, priority: 3 } },
      { queue: "jobs.orders.slow", job: { id: `${ids[1]}-1`, name: "slow", data: { ids: [ids[1]] } } },
    ]);
    for (const id of ids) await place.is(id, "done");
  });

  it("get jobs that are due and alike in one message, and later, suspect and limited jobs alone", async () => {
    const jobs = { send: job(Data), limited: job(Data, { rate: { max: 1_000, perMs: 1 } }) };
    const work = await place.start(jobs, { send: async () => {}, limited: async () => {} });
    const ids = await place.append([
      ...Array.from({ length: 12 }, () => ({})),
      { options: { priority: 1 } },
      { options: { delayMs: 500 } },
      { options: { delayMs: 500 } },
      { name: "limited" },
      { name: "limited" },
    ]);
    await place.publish(work);
    const sizes = place.queues.added.map(({ job: { data } }) => (data as { ids: string[] }).ids.length).sort((one, other) => other - one);
    expect(sizes).toEqual([10, 2, 1, 1, 1, 1, 1]);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === ids.length);
    await place.sql`update orders.holon_jobs set state = 'waiting', sent_at = null, deaths = 1 where id = any(${ids.slice(0, 2)})`;
    place.queues.added.splice(0);
    await work.sweep();
    expect(place.queues.added.map(({ job: { data } }) => data)).toEqual(
      expect.arrayContaining(ids.slice(0, 2).map((id) => ({ ids: [id], suspect: true }))),
    );
    for (const id of ids) await place.is(id, "done");
  });

  it("get back the jobs of a message for which a worker has no time, and others run them", async () => {
    const release = signal();
    const seen: string[] = [];
    const slow: JobHandler = async () => {
      seen.push("slow");
      await release.promise;
    };
    const jobs = { send: job(Data, { concurrency: 1 }) };
    await place.start(jobs, { send: slow });
    const ids = await place.append(Array.from({ length: 6 }, () => ({})));
    const work = await place.start(jobs, { send: async () => void seen.push("other") });
    await place.publish(work);
    await until(() => seen.length === 6);
    expect(seen.filter((who) => who === "slow")).toHaveLength(1);
    release.resolve();
    for (const id of ids) await place.is(id, "done");
  });

  it("do not get back the jobs of a message while others wait behind it: each message is used up before the next one", async () => {
    const work = await place.start({ send: job(Data, { concurrency: 1 }) }, { send: () => sleep(60) });
    await place.append(Array.from({ length: 100 }, () => ({})));
    await place.publish(work);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 100);
    // There are ten messages. Jobs of the first and of the last message are put back.
    expect(place.queues.added.length).toBeLessThan(40);
  });

  it("get back the rest of a message's jobs when no other message waits behind it any more", async () => {
    const release = signal();
    const seen: string[] = [];
    const slow: JobHandler = async () => {
      seen.push("slow");
      await release.promise;
    };
    const jobs = { send: job(Data, { concurrency: 1 }) };
    const first = await place.start(jobs, { send: slow });
    await place.append(Array.from({ length: 20 }, () => ({})));
    await place.publish(first);
    await until(() => seen.length === 1);
    await place.start(jobs, { send: async () => void seen.push("other") });
    await until(() => seen.length === 20);
    expect(seen.filter((name) => name === "slow")).toHaveLength(1);
    release.resolve();
  });

  it("do not get a second job of a key while the first waits, but get it when the first has begun", async () => {
    const release = signal();
    let runs = 0;
    const handler: JobHandler = async () => {
      runs++;
      await release.promise;
    };
    const keyed = { options: { deduplicationKey: "k", delayMs: 3_600_000 } };
    const work = await place.start({ send: job(Data) }, { send: handler });
    await place.append([keyed, keyed]);
    await place.publish(work);
    await place.append([keyed, { options: { deduplicationKey: "other", delayMs: 3_600_000 } }]);
    await place.publish(work);
    expect(await place.sql`select deduplication_key as key from orders.holon_jobs order by 1`).toEqual([{ key: "k" }, { key: "other" }]);
    expect(await place.sql`select 1 from orders.holon_outbox where settled_at is null`).toEqual([]);
    await place.sql`update orders.holon_jobs set due_at = now(), sent_at = null where state = 'waiting'`;
    await work.sweep();
    await until(() => runs === 2);
    const [again = ""] = await place.append([{ options: { deduplicationKey: "k" } }]);
    await place.publish(work);
    release.resolve();
    await place.is(again, "done");
    expect(runs).toBe(3);
  });

  it("may lose all messages: a delayed job still runs when it is due, once", async () => {
    const work = await place.start({ send: job(Data) }, { send: place.completing() }, { timing: { resendAfterMs: 20 } });
    const id = await place.enqueue(work, { options: { delayMs: 300 } });
    expect(place.queues.empty()).toBe(1);
    await work.sweep();
    expect(place.queues.added.length).toBe(1);
    await until(async () => {
      await work.sweep();
      return (await place.row(id))["state"] === "done";
    });
    expect([await place.effectCount(), place.queues.added.at(-1)?.job.id]).toEqual([1, `${id}-2`]);
  });

  it("may be away: the jobs that they did not take are sent by the next sweep", async () => {
    const work = await place.start({ send: job(Data) }, { send: place.completing() });
    place.queues.reachable = false;
    const id = await place.enqueue(work);
    place.queues.reachable = true;
    expect(place.queues.added).toEqual([]);
    await work.sweep();
    await place.is(id, "done");
  });

  it("that are away are not tried: sweeps write nothing, and all jobs are sent when the queues are back", async () => {
    const work = await place.start({ send: job(Data) }, { send: place.completing() });
    place.queues.reachable = false;
    await place.append([{}, {}, {}]);
    await place.publish(work);
    const versions = () => place.sql`select id, xmin::text, sent_count from orders.holon_jobs order by id`;
    const before = [...(await versions())];
    for (let n = 0; n < 3; n++) await work.sweep();
    expect([...(await versions())]).toEqual(before);
    place.queues.reachable = true;
    await work.sweep();
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 3);
  });

  it("that refuse jobs are tried with one at a time", async () => {
    const work = await place.start({ send: job(Data) }, { send: place.completing() });
    place.queues.isRefusing = true;
    await place.append([{}, {}, {}]);
    await place.publish(work);
    await work.sweep();
    const sent = async () => (await place.sql`select sum(sent_count)::int as n from orders.holon_jobs`)[0]?.["n"] as number;
    const before = await sent();
    for (let n = 0; n < 3; n++) await work.sweep();
    expect((await sent()) - before).toBe(3);
    place.queues.isRefusing = false;
    await until(async () => {
      await work.sweep();
      return (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 3;
    });
  });

  it("that refuse older jobs do not delay those of other queues", async () => {
    const work = await place.start(
      { send: job(Data, { concurrency: 1 }), ship: job(Data, { concurrency: 1 }) },
      { send: async () => {}, ship: place.completing() },
    );
    place.queues.refusing.add("jobs.orders.send");
    await place.enqueue(work, { name: "send" });
    await work.sweep();
    place.queues.reachable = false;
    const id = await place.enqueue(work, { name: "ship" });
    place.queues.reachable = true;
    await work.sweep();
    await place.is(id, "done");
  });

  it("may refuse a retry while this cannot be written: the run has ended nevertheless, and the sweeper sends the job later", async () => {
    await place.sql.unsafe(`
      create function orders.unsendable() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger unsendable before update on orders.holon_jobs for each row
        when (old.state = 'waiting' and new.state = 'waiting' and old.sent_at is not null and new.sent_at is null) execute function orders.unsendable()`);
    const warned: string[] = [];
    const log: Logger = { ...silentLogger, warn: (_fields, message) => void warned.push(message), child: () => log };
    let runs = 0;
    const handler: JobHandler = async () => {
      if (runs++ > 0) return;
      place.queues.isRefusing = true;
      throw new TypeError("once");
    };
    const work = await place.start({ send: job(Data) }, { send: handler }, { log, timing: { resendLostMs: 0 } });
    const id = await place.enqueue(work);
    await until(async () => (await place.queues.depth("jobs.orders")).active === 0);
    await until(() => warned.length >= 3);
    await place.sql`drop trigger unsendable on orders.holon_jobs`;
    expect(warned).toEqual([
      "a job failed and is tried again",
      "a queue did not take jobs; they are sent again later",
      "a queue did not take jobs, and their rows could not be changed to say so; the sweeper sends them again later",
    ]);
    place.queues.isRefusing = false;
    await until(async () => {
      await work.sweep();
      return (await place.row(id))["state"] === "done";
    });
    expect([runs, await place.row(id)]).toEqual([2, expect.objectContaining({ failures: 1, deaths: 0 })]);
  });

  it("that are slow, not empty, get no second copy of a job", async () => {
    const release = signal();
    const timing = { resendLostMs: 0, resendAfterMs: 2_000 };
    const work = await place.start({ send: job(Data, { concurrency: 1 }) }, { send: () => release.promise }, { timing });
    await place.append([{}, {}, {}]);
    await place.publish(work);
    // One job runs. The other jobs of its message have been put back.
    await until(() => place.queues.added.length === 3);
    await until(async () => {
      await work.sweep();
      return (await place.sql`select 1 from orders.holon_jobs where sent_at < now() - interval '3 seconds'`).length === 3;
    });
    expect(place.queues.added.length).toBe(3);
    release.resolve();
  });

  it("that lost a job get it again soon, but not while one of their messages is being handled", async () => {
    const release = signal();
    const handler = async (call: JobCall) => {
      await release.promise;
      return place.completing()(call);
    };
    const timing = { resendLostMs: 0, resendAfterMs: 600_000 };
    const work = await place.start({ send: job(Data, { concurrency: 1 }) }, { send: handler }, { timing });
    const [first = "", second = ""] = await place.append([{}, {}]);
    await place.publish(work);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'running'`).length === 1);
    expect(place.queues.empty()).toBe(1);
    await work.sweep();
    expect(place.queues.added.length).toBe(2);
    release.resolve();
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 1);
    await until(async () => {
      await work.sweep();
      return (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 2;
    });
    expect([(await place.row(first))["state"], (await place.row(second))["state"], place.queues.added.length]).toEqual(["done", "done", 3]);
  });

  it("that lost some jobs get them again although other jobs wait: those that were sent before the next one and are not there", async () => {
    const release = signal();
    const timing = { resendLostMs: 100, resendAfterMs: 200, resendAnywayMs: 600_000 };
    const work = await place.start({ send: job(Data, { concurrency: 1 }) }, { send: () => release.promise }, { timing });
    await place.is(await place.enqueue(work), "running");
    const lost = await place.enqueue(work);
    expect(place.queues.empty()).toBe(1);
    await until(
      async () => (await place.sql`select 1 where now() > (select max(sent_at) from orders.holon_jobs) + interval '1 second'`).length === 1,
    );
    const other = await place.enqueue(work);
    await until(async () => {
      await work.sweep();
      return (await place.row(lost))["sent_count"] === 2;
    });
    expect((await place.row(other))["sent_count"]).toBe(1);
    release.resolve();
    for (const id of [lost, other]) await place.is(id, "done");
  });

  it("may hand out a job twice: it runs once", async () => {
    let entered = 0;
    const work = await place.start(
      { send: job(Data) },
      {
        send: (call) => {
          entered++;
          return place.completing()(call);
        },
      },
    );
    const id = await place.enqueue(work);
    await place.queues.add("jobs.orders", [
      { id: "stale-1", name: "send", data: { ids: [id] } },
      { id: "stale-2", name: "send", data: { ids: [id] } },
      { id: "stale-3", name: "send", data: {} },
    ]);
    await place.is(id, "done");
    await until(async () => (await place.queues.depth("jobs.orders")).active === 0);
    expect([entered, await place.effectCount()]).toEqual([1, 1]);
  });

  it("may contain a text that is not an id: the jobs that are claimed with it are run", async () => {
    const work = await place.start({ send: job(Data) }, { send: place.completing() });
    place.queues.reachable = false;
    const id = await place.enqueue(work);
    place.queues.reachable = true;
    await place.queues.add("jobs.orders", [{ id: "odd-1", name: "send", data: { ids: ["x", "1; drop", 7, null, id] } }]);
    await place.is(id, "done");
    expect(await place.effectCount()).toBe(1);
  });

  it("get back the place of a suspect job that could not be claimed", async () => {
    await place.sql.unsafe(`
      create function orders.unclaimable() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger unclaimable before update on orders.holon_jobs for each row
        when (new.state = 'running' and new.data ->> 'n' = '13') execute function orders.unclaimable()`);
    const work = await place.start({ send: job(Data, { concurrency: 1 }) }, { send: place.completing() });
    const id = await place.enqueue(work, { data: { n: 13 } });
    await place.queues.add("jobs.orders.send", [{ id: "suspect-1", name: "send", data: { ids: [id], suspect: true } }]);
    await until(async () => (await place.queues.depth("jobs.orders.send")).active === 0);
    await place.is(await place.enqueue(work), "done");
    await place.sql`drop trigger unclaimable on orders.holon_jobs`;
  });

  it("do not hand out a job again and again while all places are taken for long: it then runs for the first time", async () => {
    const release = signal();
    const attempts: number[] = [];
    const handler: JobHandler = async ({ data, attempt }) => {
      if ((data as { n?: number }).n === undefined) attempts.push(attempt);
      else await release.promise;
    };
    const work = await place.start({ send: job(Data, { concurrency: 2 }) }, { send: handler });
    const ids = await place.append([{ data: { n: 1 } }, { data: { n: 2 } }, {}]);
    await place.publish(work);
    // Both running jobs are in one message, so the worker has a place for one more message.
    await until(
      async () =>
        (await place.sql`select 1 from orders.holon_jobs where state = 'running' and data ? 'n' and running_since < now() - interval '1 second'`)
          .length === 2,
    );
    expect(place.queues.added.length).toBeLessThanOrEqual(4);
    release.resolve();
    for (const id of ids) await place.is(id, "done");
    expect(attempts).toEqual([1]);
  });
});
