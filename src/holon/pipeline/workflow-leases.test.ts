import { describe, expect, it } from "vitest";
import { until } from "../data/child.testing.ts";
import type { ContextData } from "../data/context-data.ts";
import { testScope } from "../data/database.testing.ts";
import { isHolonError } from "../kernel/holon-error.ts";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { type Logger, silentLogger } from "../kernel/log.ts";
import { failingStatements } from "./failing-statements.testing.ts";
import { orderTables } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const { happened } = orderTables;
const PLACES = DEFAULT_LIMITS.poolCount;

const LIMITS = { poolWaitMs: 50 };
const TIMING = { leaseMs: 1_500, heldWaitMs: -1 };
const CLAIMED_LONG_AGO = "select 1 from orders.holon_runs where claimed_at < now() - interval '3 seconds'";

/** Holds all connections of a pool until the run has been worked on for two leases. On a busy machine a connection may be free only at a later try. */
async function fill(store: ContextData): Promise<void> {
  let kept = 0;
  const keep = async (): Promise<void> => {
    const holding = store.transaction(testScope(), async ({ run }) => {
      await run({ text: "select 1", params: [], prepare: false, rows: "arrays" });
      kept++;
      await until(async () => (await place.sql.unsafe(CLAIMED_LONG_AGO)).length > 0);
    });
    await holding.catch((error: unknown) => {
      if (isHolonError(error) && error.code === "OVERLOADED") return keep();
      throw error;
    });
  };
  for (let n = 0; n < PLACES; n++) void keep();
  await until(() => kept === PLACES);
}

describe("a run of which nothing can be written, because other work holds every connection of the pool", () => {
  it.each(["run", "call"] as const)(
    "does not repeat the effect of a step (%s) that has acted, and its runner does not count as dead",
    async (kind) => {
      const acted: string[] = [];
      const work = place.start(
        async ({ step }) => {
          const act = async (): Promise<void> => {
            acted.push(kind);
            if (acted.length === 1) await fill(work.stores.orders);
          };
          await (kind === "run" ? step.run("act", act) : step.call("act", act));
          return { left: 0 };
        },
        {},
        TIMING,
        undefined,
        undefined,
        { limits: LIMITS },
      );
      const row = await place.is(await place.run("1"), "done");
      expect([acted, row]).toMatchObject([[kind], { fence: "1", deaths: 0 }]);
    },
  );

  it("is given back when it can be, if its end could not be written: its runner does not count as dead", async () => {
    let bodies = 0;
    const deaths: unknown[] = [];
    const work = place.start(
      async ({ run }) => {
        deaths.push((await place.row(run.id))["deaths"]);
        if (++bodies === 1) await fill(work.stores.orders);
        return { left: 0 };
      },
      {},
      TIMING,
      undefined,
      undefined,
      { limits: LIMITS },
    );
    await place.is(await place.run("1"), "done");
    expect(deaths).toEqual([0, 0]);
  });

  it("is given back when it can be, if its steps could not be read: its runner does not count as dead", async () => {
    const deaths: unknown[] = [];
    let reads = 0;
    const filling = (store: ContextData): ContextData => {
      const statement: ContextData["statement"] = async (scope, request) => {
        if (request.text.includes(".holon_steps where run_id = any") && ++reads === 1) await fill(store);
        return store.statement(scope, request);
      };
      return new Proxy(store, {
        get(target, name) {
          const value: unknown = name === "statement" ? statement : Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    };
    place.start(
      async ({ step, run }) => {
        deaths.push((await place.row(run.id))["deaths"]);
        // The sleep is longer than the write of its record; otherwise the run would go on in the same session.
        await step.sleep("nap", 500);
        return { left: 0 };
      },
      {},
      { ...TIMING, leaseMs: 6_000 },
      undefined,
      undefined,
      { limits: LIMITS, wrap: filling },
    );
    await place.is(await place.run("1"), "done");
    expect([deaths, reads > 1]).toEqual([[0, 0], true]);
  });
});

describe("runs whose transactions hold every connection of the pool", () => {
  it("have their leases renewed all the same: each step is tried once", async () => {
    let tries = 0;
    const areOld = async () => (await place.sql`select 1 from orders.holon_runs where claimed_at < now() - interval '4 seconds'`).length === PLACES;
    place.start(
      async ({ step, run }) => {
        await step.transaction("slow", async ({ tx }) => {
          if (++tries > PLACES) return;
          await tx.db.insert(happened).values({ what: "slow", run: run.key });
          await until(areOld);
        });
        return { left: 0 };
      },
      {},
      { leaseMs: 1_500 },
    );
    const ids = await Promise.all(Array.from({ length: PLACES }, (_, n) => place.run(String(n))));
    for (const id of ids) await place.is(id, "done");
    expect([tries, await Promise.all(ids.map(place.row))]).toMatchObject([PLACES, ids.map(() => ({ fence: "1", deaths: 0 }))]);
  });
});

describe("searches of a process that has no place for more runs", () => {
  it("go on while other work holds every connection of the pool, and no task counts as failing", async () => {
    const failed: unknown[] = [];
    let [begun, isFull, looks] = [0, false, 0];
    const log: Logger = {
      ...silentLogger,
      warn: (fields, message) => void (isFull && message.startsWith("background work failed") && failed.push({ ...fields })),
      child: () => log,
    };
    const count = (store: ContextData): ContextData => failingStatements(store, ({ task }) => void (isFull && task === "read the clock" && looks++));
    const work = place.start(
      async ({ step }) => {
        await step.run("act", async () => {
          if (++begun < PLACES) return until(() => isFull);
          await fill(work.stores.orders);
          isFull = true;
        });
        return { left: 0 };
      },
      {},
      { ...TIMING, concurrencyCount: PLACES },
      undefined,
      undefined,
      { log, limits: LIMITS, wrap: count },
    );
    const ids = await Promise.all(Array.from({ length: PLACES }, (_, n) => place.run(String(n))));
    await until(() => looks > 1);
    expect(failed).not.toContainEqual(expect.objectContaining({ task: "workflows" }));
    for (const id of ids) await place.is(id, "done");
  });
});
