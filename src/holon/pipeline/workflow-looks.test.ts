import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { signal, until } from "../data/child.testing.ts";
import type { ContextData } from "../data/context-data.ts";
import { systemClock } from "../kernel/clock.ts";
import { silentLogger } from "../kernel/log.ts";
import { Timers } from "../kernel/timers.ts";
import { startWorkflowWork } from "../work/workflows/start-workflow-work.ts";
import type { WorkflowBody } from "../work/workflows/workflow-body.ts";
import { DEFAULT_WORKFLOW_TIMING, type WorkflowTiming } from "../work/workflows/workflow-timing.ts";
import { type FailsWhen, failingStatements, passing } from "./failing-statements.testing.ts";
import type { PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const timers = new Timers(() => systemClock.monotonicMs());
afterAll(() => timers.close());
const COUNT = 10_000;
const nothing: PlaceBody = async () => ({ left: 0 });

/** Adds runs that are due `fromMin` minutes from now, or were due so long ago if it is negative. Each is due a microsecond after the one before it. */
async function runs(count: number, { version = 1, deaths = 0, fromMin = -60 } = {}): Promise<void> {
  await place.sql`insert into orders.holon_runs (workflow, version, key, state, input, initiator, deaths, wake_at)
    select 'place', ${version}, ${version} || '-' || ${deaths} || '-' || n, 'waiting', '{}', '{"kind":"anonymous"}', ${deaths}, now() + ${fromMin} * interval '1 minute' + n * interval '1 microsecond'
    from generate_series(1, ${count}) n`;
}

/** Lets the database explain each claim instead of making it, and keeps how many rows of runs each claim read. */
function explaining(store: ContextData, read: number[]): ContextData {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "statement") return typeof value === "function" ? value.bind(target) : value;
      const statement: ContextData["statement"] = async (scope, request) => {
        if (!request.text.includes("skip locked") || !request.text.includes("fence = r.fence + 1")) return store.statement(scope, request);
        const plan = await store.statement(scope, { ...request, text: `explain (analyze, format json) ${request.text}`, prepare: false });
        read.push(rowsOfRuns(JSON.parse(JSON.stringify((plan as readonly Record<string, unknown>[])[0]?.["QUERY PLAN"]))));
        return [{ id: null, databaseMs: Date.now() }];
      };
      return statement;
    },
  });
}

/** The database of a process that looks for runs only every 6 s: with each look, the clock of the database seems to have gone on by 6 s. */
function seenLate(store: ContextData, looks: { count: number }): ContextData {
  let aheadMs = 0;
  const statement: ContextData["statement"] = async (scope, request) => {
    if (!request.text.includes("fence = r.fence + 1")) return store.statement(scope, request);
    if (request.text.includes("r.deaths >= 2")) {
      aheadMs += 6_000;
      looks.count++;
    }
    const params = (request.params ?? []).map((param, at) => (at === 2 ? String(Number(param) - aheadMs) : param));
    const rows = (await store.statement(scope, { ...request, params })) as readonly { readonly databaseMs: number }[];
    return rows.map((row) => ({ ...row, databaseMs: row.databaseMs + aheadMs }));
  };
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = name === "statement" ? statement : Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The number of rows that the nodes of a plan read from `holon_runs`, including those that a filter removed. */
function rowsOfRuns(plan: unknown): number {
  if (plan === null || typeof plan !== "object") return 0;
  const node = plan as Record<string, unknown>;
  const loops = Number(node["Actual Loops"] ?? 1);
  const own = node["Relation Name"] === "holon_runs" && String(node["Node Type"]).includes("Scan");
  const rows = own ? loops * (Number(node["Actual Rows"]) + Number(node["Rows Removed by Filter"] ?? 0)) : 0;
  return Object.values(node).reduce<number>((sum, value) => sum + rowsOfRuns(value), rows);
}

describe("the search for runs", () => {
  it("reads only the runs that it takes, however many runs are due of other versions, of this one, or later", async () => {
    await runs(COUNT, { version: 9 });
    await runs(COUNT, { version: 9, deaths: 3 });
    await runs(COUNT);
    await runs(COUNT, { fromMin: 60, deaths: 1 });
    await place.sql`vacuum analyze orders.holon_runs`;
    const read: number[] = [];
    place.start(nothing, {}, {}, undefined, undefined, { wrap: (store) => explaining(store, read) });
    await until(() => read.length >= 2);
    // A run that is taken is read several times: when it is found, when it is locked, and when it is written.
    expect(Math.max(...read)).toBeLessThanOrEqual(4 * 16);
  });

  it("finds first a run that is suspected of killing its runners, however many other runs are due", async () => {
    await runs(200);
    await runs(1, { deaths: 2, fromMin: -120 });
    const order: string[] = [];
    place.start(
      async ({ run }) => {
        order.push(run.key);
        return { left: 0 };
      },
      {},
      { concurrencyCount: 1 },
    );
    await until(() => order.length === 201);
    expect(order.indexOf("1-2-1")).toBe(0);
  });

  it("takes first the run that has been due longest, of all versions that this process knows", async () => {
    await runs(2, { fromMin: -10 });
    await runs(2, { version: 2, fromMin: -20 });
    await runs(2, { version: 3, fromMin: -15 });
    const order: string[] = [];
    // This process only provides the bodies and the store: no run has the version that it works.
    await place.sql`update orders.holon_runs set version = 4 where version = 1`;
    const { orders, stores, work: own } = place.start(nothing);
    await own.close();
    const body: WorkflowBody = {
      body: async ({ run }) => {
        order.push(String(run.version));
        return { left: 0 };
      },
      parseOutput: (value) => value,
    };
    const bodies = new Map([2, 3, 4].map((version) => [`place@${version}`, body]));
    const services = { clock: systemClock, timers, log: silentLogger, random: () => 0, newId: randomUUID };
    const work = startWorkflowWork({
      workflows: { ...orders.workflows, bodies },
      store: stores.orders,
      services,
      timing: { concurrencyCount: 1 },
    });
    await until(() => order.length === 6);
    await work.close();
    expect(order).toEqual(["2", "2", "3", "3", "4", "4"]);
  });

  it("takes no lease for that of a dead process if living processes could not renew theirs while the database was away", async () => {
    const id = await place.run("1");
    let [isAway, looks] = [false, 0];
    place.start(nothing, {}, { leaseMs: 3_000 }, undefined, undefined, {
      wrap: (store) =>
        failingStatements(store, ({ task }) => {
          if (isAway) return "before";
          if (task === "claim runs") looks++;
          return undefined;
        }),
    });
    await place.is(id, "done");
    await until(() => looks > 3);
    isAway = true;
    const [{ since } = { since: 0 }] = await place.sql<{ since: number }[]>`select extract(epoch from now())::float as since`;
    await until(async () => (await place.sql`select 1 as one where extract(epoch from now()) > ${since}::float + 1.5`).length > 0);
    // The run now belongs to a process that lives, and that will renew within the time of a lease from now.
    await place.sql`update orders.holon_runs set state = 'running', settled_at = null, leased_by = 'another', fence = 7, wake_at = now() where id = ${id}`;
    [isAway, looks] = [false, 0];
    await until(() => looks > 8);
    expect(await place.row(id)).toMatchObject({ fence: "7", deaths: 0, leased_by: "another" });
    expect(await place.is(id, "done")).toMatchObject({ fence: "8" });
  });

  it.each([0, 2])(
    "takes the run of a dead process also if it always comes late, as it does while this process computes in pieces (after %i deaths)",
    async (deaths) => {
      const looks = { count: 0 };
      await runs(1, { deaths });
      await place.sql`update orders.holon_runs set state = 'running', leased_by = 'a dead process', fence = 1`;
      place.start(nothing, {}, {}, undefined, undefined, { wrap: (store) => seenLate(store, looks) });
      await until(async () => looks.count > 40 || (await place.sql`select 1 from orders.holon_runs where state = 'done'`).length > 0);
      expect(await place.sql`select state, fence from orders.holon_runs`).toEqual([{ state: "done", fence: "2" }]);
    },
  );

  it("counts no death if this process itself has claimed the run and the answer was lost", async () => {
    const id = await place.run("1");
    const claimed: unknown[] = [];
    let claims = 0;
    const body: PlaceBody = async ({ run }) => {
      claimed.push(await place.row(run.id));
      return { left: 0 };
    };
    const when: FailsWhen = ({ task }) => (task === "claim runs" && ++claims === 1 ? "after" : undefined);
    place.start(body, {}, { leaseMs: 200 }, undefined, undefined, { wrap: (store) => failingStatements(store, when) });
    await place.is(id, "done");
    expect(claimed).toMatchObject([{ deaths: 0 }]);
  });
});

describe("the reading of steps", () => {
  /** Adds runs that were claimed before, so that their steps are read. */
  async function resumed(count: number, options?: Parameters<typeof runs>[1]): Promise<void> {
    await runs(count, options);
    await place.sql`update orders.holon_runs set fence = 1 where fence = 0`;
  }

  const work = (when: FailsWhen, timing?: Partial<WorkflowTiming>) =>
    place.start(nothing, {}, timing, undefined, undefined, { wrap: (store) => failingStatements(store, when) });

  const count = async (where: string): Promise<number> => (await place.sql.unsafe(`select 1 from orders.holon_runs where ${where}`)).length;

  it("of one run that fails delays no other run; it is tried again later, and the deaths of the run stay counted", async () => {
    await resumed(6);
    const [fat] = await place.sql<{ id: string }[]>`update orders.holon_runs set deaths = 1 where key = '1-0-3' returning id`;
    let isFat = true;
    work(({ task, params }) => (isFat && task === "read steps" && String(params[0]).includes(String(fat?.id)) ? "before" : undefined));
    await until(async () => (await count("state = 'done'")) === 5);
    await until(async () => (await count("leased_by is null and wake_at > now() + interval '30 seconds'")) === 1);
    expect(await place.row(String(fat?.id))).toMatchObject({ state: "waiting", deaths: 1 });
    isFat = false;
    await place.sql`update orders.holon_runs set wake_at = now() where state = 'waiting'`;
    await place.is(String(fat?.id), "done");
  });

  it.each([1, 2])("is tried again later if it takes too long of each run of a look (of %i): the database is not away", async (fat) => {
    await resumed(fat);
    work(({ task }) => (task === "read steps" ? "hangs" : undefined), { leaseMs: 1_000 });
    await until(async () => (await count("leased_by is null and wake_at > now() + interval '30 seconds'")) === fat);
  });

  it("of slow runs is done for two at a time, and delays neither a search nor another run", async () => {
    await resumed(5);
    const fat = await place.sql<{ id: string }[]>`select id from orders.holon_runs`;
    const released = signal();
    let singly = 0;
    const when: FailsWhen = ({ task, params }) => {
      const ids = String(params[0]);
      if (task !== "read steps" || !fat.some(({ id }) => ids.includes(id))) return undefined;
      if (ids.includes(",")) return "before";
      singly++;
      return released.promise;
    };
    work(when, { leaseMs: 3_600_000 });
    await until(() => singly > 1);
    await resumed(3, { deaths: 1 });
    await place.is(await place.run("new"), "done");
    await until(async () => (await count("state = 'done'")) === 4);
    expect(singly).toBe(2);
    released.resolve();
    await until(async () => (await count("state = 'done'")) === 9);
    expect(singly).toBe(5);
  });

  it("that takes too long of many runs of a look keeps no place of those whose turn does not come: they come again later", async () => {
    await resumed(16);
    let [singly, isFat] = [0, true];
    work(
      ({ task, params }) => {
        if (task !== "read steps" || !isFat) return undefined;
        if (!String(params[0]).includes(",")) singly++;
        return "hangs";
      },
      { leaseMs: 3_000 },
    );
    await until(async () => (await count("fence = 2")) === 16);
    await until(async () => (await count("fence = 2 and leased_by is not null")) === 0);
    expect(singly).toBeLessThan(16);
    isFat = false;
    await until(async () => {
      await place.sql`update orders.holon_runs set wake_at = now() where state = 'waiting'`;
      return (await count("state = 'done' and deaths = 0")) === 16;
    });
  });

  it("does not begin for more runs once the process stops: they are given back", async () => {
    await resumed(5);
    const released = signal();
    let singly = 0;
    const when: FailsWhen = ({ task, params }) => {
      if (task !== "read steps") return undefined;
      if (String(params[0]).includes(",")) return "before";
      singly++;
      return released.promise;
    };
    const { work: own } = work(when, { leaseMs: 3_600_000 });
    await until(() => singly > 1);
    const closed = own.close();
    released.resolve();
    await closed;
    expect([singly, await count("state = 'waiting' and leased_by is null and wake_at <= now() and deaths = 0")]).toEqual([2, 5]);
  });

  it.each([
    ["the pool was full", "OVERLOADED"],
    ["the database was away", "UNAVAILABLE"],
  ] as const)("is tried again after a poll if %s", async (_what, code) => {
    await resumed(2);
    let [together, singly] = [0, 0];
    work(({ task, params }) => {
      if (task === "read the clock" && code === "UNAVAILABLE") return "before";
      if (task !== "read steps") return undefined;
      const fails = String(params[0]).includes(",") ? ++together === 1 : ++singly === 1;
      return fails ? passing(code, "It passes.") : undefined;
    });
    await until(async () => (await count("state = 'done'")) === 2);
    expect([together, singly > 1]).toEqual([1, true]);
  });

  it("does not begin for a run that has killed its runners too often: it is set aside unread", async () => {
    await resumed(1, { deaths: DEFAULT_WORKFLOW_TIMING.deathsCount });
    let reads = 0;
    work(({ task }) => (task === "read steps" && ++reads > 0 ? "before" : undefined));
    await until(async () => (await count("state = 'stuck'")) === 1 || reads > 0);
    expect([reads, await count("state = 'stuck'")]).toEqual([0, 1]);
  });
});
