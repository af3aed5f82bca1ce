import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Fate, fates, MortalDatabase, type Program, programs, runProgram } from "./workflow-programs.testing.ts";
import { useWorkflows, type Working } from "./workflows.testing.ts";

/**
 * Random bodies of `race`, `all`, `any` and `allSettled` over steps, sleeps and waits. Their runners are stopped, or killed between any two
 * statements or between a statement and its answer.
 */
const SEED = Number(process.env["HOLON_FAULT_SEED"] ?? Date.now() % 1_000_000);
const SCALE = Number(process.env["HOLON_FAULT_SCALE"] ?? 0.1);
const ROUNDS = Math.max(6, Math.round(SCALE * 80));

const place = useWorkflows();

/** Works all programs, each in its own run. One runner follows another until every run has ended. */
async function workThrough(bodies: readonly Program[], lives: readonly Fate[], eventAtMs: readonly number[]): Promise<number> {
  const byKey = new Map(bodies.map((program, n) => [String(n), program]));
  let kills = 0;
  const start = (fate: Fate | undefined): { readonly working: Working; readonly ended: Promise<void> } => {
    const database = new MortalDatabase(fate ?? { how: "stop", after: Number.POSITIVE_INFINITY });
    const working = place.start(
      async ({ step, run }) => {
        await runProgram(byKey.get(run.key) as Program, step, run.key);
        return { left: 0 };
      },
      {},
      // The writes of a run are retried as long as the process lives. A killed process has no grace period.
      { pollMs: 10, leaseMs: 3_600_000, deathsCount: 1_000, ...(fate === undefined || fate.how === "stop" ? {} : { graceMs: 0 }) },
      Math.random,
      undefined,
      { wrap: (store) => database.wrap(store) },
    );
    return { working, ended: database.ended };
  };
  await Promise.all([...byKey.keys()].map((key) => place.run(key)));
  const paid = Promise.all(
    eventAtMs.map(async (ms, cents) => {
      await sleep(ms);
      await place.pay(`${cents % bodies.length} ${Math.floor(cents / bodies.length) % 2}`, cents);
    }),
  );
  const open = async (): Promise<boolean> =>
    (await place.sql`select 1 from orders.holon_runs where settled_at is null and state <> 'stuck'`).length > 0;
  for (const fate of [...lives, undefined]) {
    const { working, ended } = start(fate);
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    while (!isOver && (await open())) await sleep(5);
    await working.work.close();
    await Promise.all([working.stores.orders.close(), working.stores.stock.close()]);
    if (!isOver) break;
    kills++;
    // As if the leases of the dead process had ended.
    await place.sql`update orders.holon_runs set wake_at = now(), deaths = 0 where leased_by is not null`;
  }
  await paid;
  return kills;
}

describe(`random bodies, seed ${SEED}`, { timeout: 600_000 }, () => {
  it("take the branch that they took, end, and have each effect once, wherever their runners are killed", async () => {
    let kills = 0;
    const round = fc.asyncProperty(
      fc.array(programs, { minLength: 8, maxLength: 8 }),
      fc.array(fates, { minLength: 2, maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 0, maxLength: 24 }),
      async (bodies, lives, eventAtMs) => {
        await place.sql`truncate orders.happened, stock.happened, orders.holon_runs, orders.holon_steps, orders.holon_awaited_events, stock.holon_keys cascade`;
        kills += await workThrough(bodies, lives, eventAtMs);
        const runs = await place.sql<{ key: string; state: string; reason: string | null }[]>`select key, state, reason from orders.holon_runs`;
        expect(runs.filter(({ state }) => state !== "done")).toEqual([]);
        expect(await place.sql`select run, what from orders.happened group by 1, 2 having count(*) > 1`).toEqual([]);
        expect(await place.sql`select run from stock.happened group by 1 having count(*) > 1`).toEqual([]);
        // In each run, each place of the body took only one branch.
        const took = await place.sql`
          select run, split_part(what, ' ', 2) as place, array_agg(what) from orders.happened where what like 'took %' group by 1, 2 having count(*) > 1`;
        expect(took).toEqual([]);
        expect(await place.sql`select 1 from orders.happened where what like 'took end %'`).toHaveLength(bodies.length);
      },
    );
    await fc.assert(round, { seed: SEED, numRuns: ROUNDS, endOnFailure: true });
    expect(kills).toBeGreaterThan(ROUNDS / 2);
  });
});
