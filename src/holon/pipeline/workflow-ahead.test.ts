import { eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { until } from "../data/child.testing.ts";
import { catalogueError } from "../kernel/holon-error.ts";
import { orderTables, type PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const { happened } = orderTables;

/** The first step cannot commit until a row permits it. The body has gone on by then. */
const body =
  (seen: string[], attempts: number): PlaceBody =>
  async ({ step, run }) => {
    const write = (what: string) =>
      step.transaction(
        what,
        async ({ tx }) => {
          seen.push(what);
          await tx.db.insert(happened).values({ what, run: run.key });
        },
        { retry: { attempts, greatestMs: 1 } },
      );
    await write("doubtful");
    await write("next");
    return { left: 0 };
  };

describe("a body that is ahead of a commit", () => {
  beforeAll(async () => {
    await place.sql.unsafe(`
      create function orders.allowed() returns trigger language plpgsql as $$ begin
        if new.what = 'doubtful' and not exists (select 1 from orders.happened where what = 'allowed') then raise exception 'not yet'; end if;
        return null;
      end $$;
      create constraint trigger allowed after insert on orders.happened deferrable initially deferred for each row execute function orders.allowed()`);
  });

  it("is run again if the commit fails, and each step has its effect once", async () => {
    const seen: string[] = [];
    place.start(body(seen, 1_000));
    const id = await place.run("1");
    // The body went on with the next step, whose transaction failed like that of the first.
    await until(() => seen.filter((what) => what === "next").length > 1);
    expect(await place.happened()).toEqual([]);
    await place.sql`insert into orders.happened (what, run) values ('allowed', 'by hand')`;
    await place.is(id, "done");
    expect(await place.happened()).toEqual(["allowed", "doubtful", "next"]);
    expect((await place.steps(id)).map(({ name, concurrent }) => [name, concurrent])).toEqual([
      ["doubtful", false],
      ["next", false],
    ]);
  });

  it("gets the failure when the attempts are up, and is undone", async () => {
    const seen: string[] = [];
    place.start(body(seen, 2));
    const row = await place.is(await place.run("1"), "undone");
    expect(row["reason"]).toContain("INTERNAL");
    expect(seen.filter((what) => what === "doubtful")).toHaveLength(2);
    expect(await place.happened()).toEqual([]);
  });

  it("calls no other context before the commit is certain", async () => {
    let calls = 0;
    place.start(
      async ({ step, run }) => {
        await step.transaction("doubtful", ({ tx }) => tx.db.insert(happened).values({ what: "doubtful", run: run.key }), {
          retry: { attempts: 3, greatestMs: 1 },
        });
        return step.call("reserve", ({ call }) => call.stock.reserve({ run: run.key }));
      },
      {
        reserving: async () => {
          calls++;
        },
      },
    );
    await place.is(await place.run("1"), "undone");
    expect([calls, await place.happened()]).toEqual([0, []]);
  });

  it("has ended only when its last step has", async () => {
    place.start(async ({ step, run }) => {
      await step.transaction("doubtful", ({ tx }) => tx.db.insert(happened).values({ what: "doubtful", run: run.key }), {
        retry: { attempts: 2, greatestMs: 1 },
      });
      return { left: 1 };
    });
    expect(await place.is(await place.run("1"), "undone")).toMatchObject({ result: null });
  });

  it("does not fail for good where it missed what was rolled back", async () => {
    const misses: string[] = [];
    place.start(async ({ step, run }) => {
      await step.transaction("doubtful", ({ tx }) => tx.db.insert(happened).values({ what: "doubtful", run: run.key }), {
        retry: { attempts: 1_000, greatestMs: 1 },
      });
      await step.transaction("next", async ({ tx }) => {
        const rows = await tx.db.select().from(happened).where(eq(happened.what, "doubtful"));
        if (rows.length > 0) return;
        misses.push("next");
        throw catalogueError("NOT_FOUND", "There is nothing to go on with.");
      });
      return { left: 0 };
    });
    const id = await place.run("1");
    await until(() => misses.length > 1);
    await place.sql`insert into orders.happened (what, run) values ('allowed', 'by hand')`;
    await place.is(id, "done");
  });

  it("waits as long as the step that failed is to wait, whatever was ahead of it", async () => {
    const seen: string[] = [];
    const retry = { attempts: 2, firstMs: 3_600_000, greatestMs: 3_600_000 };
    place.start(
      async ({ step, run }) => {
        await step.transaction("doubtful", ({ tx }) => tx.db.insert(happened).values({ what: "doubtful", run: run.key }), { retry });
        await step.transaction("next", async () => void seen.push("next"));
        return { left: 0 };
      },
      {},
      {},
      () => 0.5,
    );
    const id = await place.run("1");
    await until(async () => (await place.steps(id)).length > 0 && (await place.row(id))["leased_by"] === null);
    const [row] = await place.sql`select state, wake_at > now() + interval '10 minutes' as is_later from orders.holon_runs where id = ${id}`;
    expect([row, seen]).toEqual([{ state: "waiting", is_later: true }, ["next"]]);
  });

  it("is run again if another transaction was in the way of the commit, which is not a refusal", async () => {
    await place.sql.unsafe(`
      create sequence orders.deadlocks; grant usage on sequence orders.deadlocks to public;
      create function orders.in_the_way() returns trigger language plpgsql as $$ begin
        if nextval('orders.deadlocks') = 1 then raise exception 'in the way' using errcode = '40P01'; end if;
        return null;
      end $$;
      create constraint trigger in_the_way after insert on orders.happened deferrable initially deferred for each row
        when (new.what = 'crowded') execute function orders.in_the_way()`);
    place.start(async ({ step, run }) => {
      await step.transaction("crowded", ({ tx }) => tx.db.insert(happened).values({ what: "crowded", run: run.key }));
      return { left: 0 };
    });
    await place.is(await place.run("1"), "done");
    expect(await place.happened()).toEqual(["crowded"]);
  });

  it("takes steps at once, each of which has its effect once, and keeps no connection", async () => {
    const { stores } = place.start(async ({ step, run }) => {
      const write = (what: string) => step.transaction(what, ({ tx }) => tx.db.insert(happened).values({ what, run: run.key }));
      await write("first");
      await Promise.all(["a", "b", "c", "d"].map((what) => write(what)));
      await Promise.all(["e", "f", "g"].map((what) => step.transaction(what, async () => {})));
      await write("last");
      return { left: 0 };
    });
    for (const id of await Promise.all(["1", "2", "3"].map((key) => place.run(key)))) await place.is(id, "done");
    expect((await place.happened()).length).toBe(18);
    await until(() => stores.orders.stats().inUse === 0);
  });
});
