import { afterAll, afterEach, describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { createContextData } from "../../data/context-data.ts";
import { testLimits } from "../../data/database.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { WorkDatabase } from "../engine/work-database.ts";
import { JobBatchWriter } from "./job-batch-writer.ts";
import { JobTable } from "./job-table.ts";
import { tables } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";
import { UnheardClaims } from "./unheard-claims.ts";

const place = useJobs();
const timers = new Timers(() => systemClock.monotonicMs());
const opened: UnheardClaims[] = [];
afterEach(() => Promise.all(opened.splice(0).map((claims) => claims.close())));
afterAll(() => timers.close());

/** Collects how many claims each look gave back. */
function open(leaseMs: number) {
  const table = new JobTable({ database: new WorkDatabase(place.store, systemClock), names: ["send"], clock: systemClock });
  const looks: number[] = [];
  const giveBackUnheard: JobTable["giveBackUnheard"] = async (keys, deadlineMs) => {
    const given = await table.giveBackUnheard(keys, deadlineMs);
    looks.push(given.size);
    return given;
  };
  const claims = new UnheardClaims({ table: { giveBackUnheard }, leaseMs, clock: systemClock, timers, log: silentLogger });
  opened.push(claims);
  return { claims, looks };
}

/** Inserts a job that a queue has and that, if there is a fence, a runner has claimed. Returns its id. */
async function insert(fence: string | null): Promise<string> {
  const [row] = await place.sql<{ id: string }[]>`
    insert into orders.holon_jobs (id, name, state, data, initiator, due_at, sent_count, sent_at) values
      (gen_random_uuid(), 'send', 'waiting', '{}', '{"kind":"anonymous"}', now(), 1, now()) returning id`;
  const id = row?.id ?? "";
  if (fence !== null) await claim(id, fence);
  return id;
}

const claim = (id: string, fence: string) =>
  place.sql`update orders.holon_jobs set state = 'running', attempts = attempts + 1, run_by = ${fence}, leased_until = now() + interval '1 minute' where id = ${id}`;

const GIVEN_BACK = { state: "waiting", attempts: 0, deaths: 0, sent_at: null, run_by: null };
const nowMs = () => systemClock.monotonicMs();

describe("claims whose answer was lost", () => {
  it("are given back also if the server commits them only after they were given up", async () => {
    const { claims, looks } = open(3_000);
    const id = await insert(null);
    claims.remember(id, "r/1", nowMs());
    claims.giveUp(id);
    await until(() => looks.length === 1);
    await claim(id, "r/1");
    await place.is(id, "waiting");
    await until(() => claims.size === 0);
    expect([looks, await place.row(id)]).toMatchObject([[0, 1], GIVEN_BACK]);
  });

  it("are forgotten after the database has answered for the time of a lease without one of them", async () => {
    const { claims, looks } = open(300);
    const id = await insert(null);
    claims.remember(id, "r/1", nowMs());
    claims.giveUp(id);
    await until(() => claims.size === 0);
    expect([looks.every((count) => count === 0), looks.length > 1, (await place.row(id))["state"]]).toEqual([true, true, "waiting"]);
  });

  it("are given back under their own fence only, and not if they were handed out, or are still asked for", async () => {
    const { claims } = open(60_000);
    const [later, handedOut, asked, lost] = [await insert("r/2"), await insert("r/1"), await insert("r/1"), await insert("r/1")];
    for (const id of [later, handedOut, asked, lost]) claims.remember(id, "r/1", nowMs());
    expect([claims.take(handedOut, "r/1"), claims.take(handedOut, "r/1"), claims.take(later, "r/2")]).toEqual([
      expect.any(Number),
      undefined,
      undefined,
    ]);
    for (const id of [later, handedOut, lost]) claims.giveUp(id);
    expect(claims.take(lost, "r/1")).toBeUndefined();
    await place.is(lost, "waiting");
    const rows = await place.sql`select id, run_by from orders.holon_jobs where state = 'running'`;
    expect(new Set(rows.map(({ id, run_by }) => `${id} ${run_by}`))).toEqual(new Set([`${later} r/2`, `${handedOut} r/1`, `${asked} r/1`]));
    // Claims that are still requested are given back when the process stops.
    await claims.close();
    expect(await place.row(asked)).toMatchObject(GIVEN_BACK);
  });

  it("are given back although the row of one is locked: that one is when the lock is gone", async () => {
    const { claims } = open(3_000);
    const [locked, free] = [await insert("r/1"), await insert("r/1")];
    await place.sql.begin(async (sql) => {
      await sql`select 1 from orders.holon_jobs where id = ${locked} for update`;
      for (const id of [locked, free]) claims.remember(id, "r/1", nowMs());
      for (const id of [locked, free]) claims.giveUp(id);
      await place.is(free, "waiting");
      expect((await place.row(locked))["state"]).toBe("running");
    });
    await place.is(locked, "waiting");
  });

  it("are remembered up to ten thousand, the oldest ones", () => {
    const { claims } = open(3_000);
    for (let n = 0; n <= 10_000; n++) claims.remember(`${n}`, "r/1", n);
    expect([claims.take("0", "r/1"), claims.take("9999", "r/1"), claims.take("10000", "r/1")]).toEqual([0, 9_999, undefined]);
    for (let n = 0; n < 10_000; n++) claims.take(`${n}`, "r/1");
    expect(claims.size).toBe(0);
  });

  it("are not remembered if no connection could be opened, however long the database is away", async () => {
    const { claims } = open(3_000);
    const url = "postgres://nobody@127.0.0.1:1/none";
    const away = createContextData({
      context: "orders",
      url,
      role: undefined,
      tables,
      limits: testLimits({}),
      clock: systemClock,
      log: silentLogger,
    });
    const table = new JobTable({ database: new WorkDatabase(away, systemClock), names: ["send"], clock: systemClock });
    const batchWriter = new JobBatchWriter(table, systemClock, 3_000, claims);
    await expect(batchWriter.claim(await insert(null))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(claims.size).toBe(0);
    await away.close();
  });
});
