import { describe, expect, it } from "vitest";
import { until } from "../data/child.testing.ts";
import { DEFAULT_LIMITS } from "../kernel/index.ts";
import { orderTables } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const { happened } = orderTables;
const PLACES = DEFAULT_LIMITS.poolCount;

describe("runs whose transactions keep every place of the pool", { timeout: 60_000 }, () => {
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
