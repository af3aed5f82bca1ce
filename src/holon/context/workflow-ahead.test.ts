import { beforeAll, describe, expect, it } from "vitest";
import { until } from "../data/child.testing.ts";
import { orderTables, type PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const { happened } = orderTables;

/** Steps of which the first cannot commit until a row says that it may; the body is ahead by then. */
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

describe("a body that is ahead of a commit", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    await place.sql.unsafe(`
      create function orders.allowed() returns trigger language plpgsql as $$ begin
        if new.what = 'doubtful' and not exists (select 1 from orders.happened where what = 'allowed') then raise exception 'not yet'; end if;
        return null;
      end $$;
      create constraint trigger allowed after insert on orders.happened deferrable initially deferred for each row execute function orders.allowed()`);
  });

  it("is run again where that fails, and each step has its effect once", async () => {
    const seen: string[] = [];
    place.start(body(seen, 1_000));
    const id = await place.run("1");
    // It went on with the next step, whose transaction went the way of the first.
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

  it("calls nobody before that is certain", async () => {
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
});
