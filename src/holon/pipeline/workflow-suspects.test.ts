import { describe, expect, it } from "vitest";
import { signal, until } from "../data/child.testing.ts";
import type { ContextData } from "../data/context-data.ts";
import type { WorkflowTiming } from "../work/workflows/workflow-timing.ts";
import { type FailsWhen, failingStatements } from "./failing-statements.testing.ts";
import type { PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();

/** Adds runs that were claimed before, so that their steps are read. If a dead process leased them, their next claim counts one death more. */
async function resumed(count: number, deaths: number, leasedBy: string | null = null): Promise<void> {
  await place.sql`insert into orders.holon_runs (workflow, version, key, state, input, initiator, deaths, fence, leased_by, claimed_at, wake_at)
    select 'place', 1, ${deaths}::text || ${leasedBy ?? ""}::text || n, 'waiting', '{}', '{"kind":"anonymous"}', ${deaths}, 1, ${leasedBy}, now(), now() - interval '1 minute'
    from generate_series(1, ${count}) n`;
}

const held = () =>
  place.sql<{ id: string; deaths: number }[]>`select id, deaths from orders.holon_runs where leased_by is not null and leased_by <> 'dead'`;
const doneAre = (count: number) => until(async () => (await place.sql`select 1 from orders.holon_runs where state = 'done'`).length === count);

/** Starts a process, counts how often it looks at the database, and calls `reading` when it reads steps. */
function work(body: PlaceBody, reading: (ids: string, looks: () => number) => Promise<void>, timing: Partial<WorkflowTiming> = {}) {
  let looks = 0;
  const when: FailsWhen = ({ task, params }) => {
    if (task === "read steps") return reading(String(params[0]), () => looks);
    looks++;
    return undefined;
  };
  place.start(body, {}, { leaseMs: 60_000, ...timing }, undefined, undefined, { wrap: (store) => failingStatements(store, when) });
  return { looks: () => looks };
}

/** Resolves when a process has looked at the database six times more. */
const moreLooks = async (looks: () => number): Promise<void> => {
  const from = looks();
  await until(() => looks() >= from + 6);
};

describe("a run that is suspected of killing its runners", () => {
  it("has its records read while no other run is claimed: if that kills the reader, no death of another run is counted", async () => {
    await resumed(3, 0);
    await resumed(2, 2);
    await resumed(2, 1, "dead");
    const beside: number[] = [];
    work(
      async () => ({ left: 0 }),
      async (ids, looks) => {
        if (!(await held()).some(({ id, deaths }) => deaths >= 2 && ids.includes(id))) return;
        await moreLooks(looks);
        beside.push((await held()).length);
      },
    );
    await doneAre(7);
    expect(beside).toEqual([1, 1, 1, 1]);
  });

  it("waits until the running runs are over, and no other run is begun before it", async () => {
    const [begun, release] = [signal(), signal()];
    const order: string[] = [];
    const { looks } = work(
      async ({ run, step }) => {
        order.push(run.key);
        if (run.key === "first") {
          begun.resolve();
          await step.run("wait", () => release.promise);
        }
        return { left: 0 };
      },
      async () => {},
    );
    await place.run("first");
    await begun.promise;
    await resumed(1, 2);
    await resumed(1, 0);
    await moreLooks(looks);
    expect([order, (await held()).length]).toEqual([["first"], 1]);
    release.resolve();
    await doneAre(3);
    expect(order).toEqual(["first", "21", "01"]);
  });

  it("waits for the time of a lease at most: a step may take far longer", async () => {
    const [begun, release] = [signal(), signal()];
    work(
      async ({ run, step }) => {
        if (run.key !== "first") return { left: 0 };
        begun.resolve();
        await step.run("wait", () => release.promise);
        return { left: 0 };
      },
      async () => {},
      { leaseMs: 1_000 },
    );
    await place.run("first");
    await begun.promise;
    await resumed(1, 2);
    await doneAre(1);
    release.resolve();
    await doneAre(2);
  });

  it("does not delay runs that are not suspected, also if the records of many cannot be read in time", async () => {
    await resumed(12, 2);
    const id = await place.run("first");
    const when: FailsWhen = ({ task }) => (task === "read steps" ? "hangs" : undefined);
    const wrap = (store: ContextData) => failingStatements(store, when);
    place.start(async () => ({ left: 0 }), {}, { leaseMs: 1_000, sweepMs: 100 }, undefined, undefined, { wrap });
    await place.is(id, "done");
  });

  it("keeps the next one waiting until it has recorded a step, and no longer", async () => {
    const [begun, recorded, release] = [signal(), signal(), signal()];
    const order: string[] = [];
    const { looks } = work(
      async ({ run, step }) => {
        if (order.push(run.key) > 1) return { left: 0 };
        begun.resolve();
        await step.run("wait", () => recorded.promise);
        await step.run("wait long", () => release.promise);
        return { left: 0 };
      },
      async () => {},
    );
    await resumed(2, 2);
    await begun.promise;
    await moreLooks(looks);
    expect(order.length).toBe(1);
    recorded.resolve();
    await doneAre(1);
    release.resolve();
    await doneAre(2);
  });

  it("keeps the next one waiting until it has undone a step, and no longer", async () => {
    const [begun, undone, release] = [signal(), signal(), signal()];
    await resumed(2, 2);
    await place.sql`update orders.holon_runs set state = 'undoing', error = '{"code":"INTERNAL","message":""}', wake_at = now() - interval '2 minutes' where key = '21'`;
    await place.sql`insert into orders.holon_steps (run_id, name, ordinal, kind, concurrent, state, attempts, settled_at, answer_number)
      select id, 'step ' || n, n, 'run', false, 'done', 1, now() - interval '2 minutes', n from orders.holon_runs, generate_series(1, 2) n where key = '21'`;
    const { looks } = work(
      async ({ run, step }) => {
        if (run.key !== "21") return { left: 0 };
        await step.run("step 1", () => 1, { undo: () => release.promise });
        const undo = () => {
          begun.resolve();
          return undone.promise;
        };
        await step.run("step 2", () => 2, { undo });
        throw new Error("It is undone.");
      },
      async () => {},
    );
    await begun.promise;
    await moreLooks(looks);
    expect((await held()).length).toBe(1);
    undone.resolve();
    await doneAre(1);
    release.resolve();
    await until(async () => (await place.sql`select 1 from orders.holon_runs where state = 'undone'`).length === 1);
  });

  it("keeps the next one waiting for the time of a lease at most, if it records nothing", async () => {
    const release = signal();
    let begun = 0;
    work(
      async ({ step }) => {
        if (++begun === 1) await step.run("wait", () => release.promise);
        return { left: 0 };
      },
      async () => {},
      { leaseMs: 1_000 },
    );
    await resumed(2, 2);
    await doneAre(1);
    release.resolve();
    await doneAre(2);
  });
});
