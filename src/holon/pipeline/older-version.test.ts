import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { until } from "../data/child.testing.ts";
import { testScope } from "../data/database.testing.ts";
import { findRun } from "../work/workflows/workflow-run.ts";
import { orderTables, type PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const { happened } = orderTables;
const write: PlaceBody = async ({ step, run }) => {
  await step.transaction("write", ({ tx }) => tx.db.insert(happened).values({ what: `written ${run.key}`, run: run.key }));
  return { left: 0 };
};

/** Rows that a newer version could write and that this version does not know. */
const FROM_TOMORROW: readonly (readonly [what: string, prepare: (id: string) => Promise<unknown>, name: string])[] = [
  ["a version of its workflow", (id) => place.sql`update orders.holon_runs set version = 9 where id = ${id}`, "place@9"],
  ["its workflow", (id) => place.sql`update orders.holon_runs set workflow = 'parcel' where id = ${id}`, "parcel@1"],
  ["its state", (id) => place.sql`update orders.holon_runs set state = 'paused' where id = ${id}`, "place@1 in the state paused"],
  [
    "the kind of one of its steps",
    (id) => place.sql`insert into orders.holon_steps (run_id, name, ordinal, kind, state) values (${id}, 'signal', 1, 'signal', 'done')`,
    "place@1 with a step signal signal, done",
  ],
  [
    "the state of one of its steps",
    (id) => place.sql`insert into orders.holon_steps (run_id, name, ordinal, kind, state) values (${id}, 'write', 1, 'transaction', 'paused')`,
    "place@1 with a step transaction write, paused",
  ],
];

describe("a run of a newer version", () => {
  it.each(FROM_TOMORROW)("is left as it is by a process that does not know %s, and the runs behind it go on", async (_what, prepare, name) => {
    await place.sql`alter table orders.holon_runs drop constraint if exists holon_runs_state_check`;
    await place.sql`alter table orders.holon_steps drop constraint if exists holon_steps_state_check`;
    try {
      const ids = await Promise.all(Array.from({ length: 40 }, (_, n) => place.run(`tomorrow ${n}`)));
      for (const id of ids) await prepare(id);
      await place.sql`update orders.holon_runs set fence = 1`;
      const before = await place.sql`select * from orders.holon_runs order by id`;
      const counts: unknown[] = [];
      const { work } = place.start(write, {}, {}, undefined, (...count) => counts.push(count));
      const own = await place.run("today");
      await place.is(own, "done");
      await until(() => counts.length > 0);
      expect(await place.sql`select * from orders.holon_runs where id <> ${own} order by id`).toEqual(before);
      expect(await place.happened()).toEqual(["written today"]);
      expect(counts[0]).toEqual(["run", "orders", name, 40]);
      expect(work.unknownCount).toBe(40);
    } finally {
      await place.sql`truncate orders.holon_runs, orders.holon_steps`;
      await place.sql`alter table orders.holon_runs add constraint holon_runs_state_check check (state in ('waiting', 'running', 'sleeping', 'undoing', 'done', 'undone', 'stuck'))`;
      await place.sql`alter table orders.holon_steps add constraint holon_steps_state_check check (state in ('started', 'done', 'failed', 'undone'))`;
    }
  });

  it("counts as active to a caller that asks, in a state that this version does not know", async () => {
    await place.sql`alter table orders.holon_runs drop constraint if exists holon_runs_state_check`;
    try {
      await place.sql`insert into orders.holon_runs (id, workflow, version, key, state, input, initiator) values (${randomUUID()}, 'place', 1, 'k', 'paused', '{}', '{}')`;
      const { stores } = place.start(write);
      expect(await findRun(stores.orders, testScope(), "place", "k")).toMatchObject({ state: "paused", isActive: true });
    } finally {
      await place.sql`truncate orders.holon_runs, orders.holon_steps`;
      await place.sql`alter table orders.holon_runs add constraint holon_runs_state_check check (state in ('waiting', 'running', 'sleeping', 'undoing', 'done', 'undone', 'stuck'))`;
    }
  });
});
