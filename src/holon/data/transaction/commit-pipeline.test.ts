import { describe, expect, it } from "vitest";
import { signal } from "../child.testing.ts";
import { testScope } from "../database.testing.ts";
import type { StatementRequest } from "../drizzle/sql.ts";
import { orders, type tables, useOrders } from "../orders.testing.ts";
import { CommitPipeline } from "./commit-pipeline.ts";
import type { DataTransaction } from "./run-transaction.ts";

const place = useOrders({ poolCount: 2 });

const FAILING: StatementRequest = { text: "select 1 / 0", params: [], prepare: false, rows: "arrays" };
const DEADLOCK: StatementRequest = { ...FAILING, text: "do $$ begin raise exception 'in the way' using errcode = '40P01'; end $$" };
const insert = (email: string) => (tx: DataTransaction<typeof tables>) => tx.db.insert(orders).values({ email, amount: 1 });
const emails = async () => (await place.sql<{ email: string }[]>`select email from orders.orders order by email`).map(({ email }) => email);

/** Runs transactions, each as soon as the commit of the one before it is sent. Shape: the results in order. */
function follow(
  first: (tx: DataTransaction<typeof tables>) => Promise<unknown>,
  ...next: ((tx: DataTransaction<typeof tables>) => Promise<unknown>)[]
) {
  const pipeline = new CommitPipeline();
  const following: Promise<unknown>[] = [];
  const onCommitting = (): void => {
    for (const run of next) following.push(place.data.transaction(testScope(), run, { pipeline }));
  };
  const leading = place.data.transaction(testScope(), first, { pipeline, onCommitting });
  return leading.then(
    () => Promise.allSettled([leading, ...following]),
    () => Promise.allSettled([leading, ...following]),
  );
}

const statuses = (outcomes: readonly PromiseSettledResult<unknown>[]) => outcomes.map(({ status }) => status);

describe("a transaction that follows another", () => {
  it("begins before the first has committed, on its connection, and sees what it wrote", async () => {
    const happened: string[] = [];
    const pipeline = new CommitPipeline();
    const connectionOf = async (tx: DataTransaction<typeof tables>) =>
      (await tx.run({ text: "select pg_backend_pid()::text", params: [], prepare: false, rows: "arrays" }))[0];
    let second: Promise<unknown> | undefined;
    const follower = async (tx: DataTransaction<typeof tables>) => {
      happened.push("the second begins");
      const connection = await connectionOf(tx);
      happened.push((await tx.db.select().from(orders)).length === 1 ? "it sees the first" : "it does not see the first");
      return connection;
    };
    const first = await place.data.transaction(
      testScope(),
      async (tx) => {
        await insert("a")(tx);
        return connectionOf(tx);
      },
      {
        pipeline,
        onCommitting: () => {
          second = place.data.transaction(testScope(), follower, { pipeline });
        },
      },
    );
    happened.push("the first has committed");
    expect(await second).toEqual(first);
    expect(happened).toEqual(["the second begins", "the first has committed", "it sees the first"]);
    expect(place.data.stats().inUse).toBe(0);
  });

  it("is undone with one that does not commit, and its connection is used again", async () => {
    const outcomes = await follow(async (tx) => {
      await insert("a")(tx);
      tx.atCommit(FAILING);
    }, insert("b"));
    expect(statuses(outcomes)).toEqual(["rejected", "rejected"]);
    expect(outcomes[1]).toMatchObject({ reason: { name: "PredecessorFailed" } });
    expect([await emails(), place.data.stats().inUse]).toEqual([[], 0]);
    await place.data.transaction(testScope(), insert("c"));
    expect(await emails()).toEqual(["c"]);
  });

  it("has no effect on the one that it follows if it fails itself", async () => {
    const outcomes = await follow(insert("a"), () => Promise.reject(new TypeError("no")));
    expect(statuses(outcomes)).toEqual(["fulfilled", "rejected"]);
    expect([await emails(), place.data.stats().inUse]).toEqual([["a"], 0]);
  });

  it("waits for the first if others follow it too, and sees what it wrote on its own connection", async () => {
    const seen: number[] = [];
    const look = async (tx: DataTransaction<typeof tables>) => void seen.push((await tx.db.select().from(orders)).length);
    expect(statuses(await follow(insert("a"), look, look))).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    expect([seen, place.data.stats().inUse]).toEqual([[1, 1], 0]);
  });

  it("commits after those that were begun beside it, and none keeps its connection", async () => {
    const data = place.open({ poolCount: 3 });
    const pipeline = new CommitPipeline();
    const written = [signal(), signal(), signal()];
    const all = Promise.all(written.map(({ promise }) => promise));
    const outcomes = await Promise.allSettled(
      written.map(({ resolve }, index) =>
        data.transaction(
          testScope(),
          async (tx) => {
            await insert(`${index}`)(tx);
            resolve();
            await all;
          },
          { pipeline },
        ),
      ),
    );
    expect(statuses(outcomes)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    expect([await emails(), data.stats().inUse]).toEqual([["0", "1", "2"], 0]);
  });

  it("is not repeated for a conflict of the one that it follows", async () => {
    const outcomes = await follow(async (tx) => tx.atCommit(DEADLOCK), insert("b"));
    expect(outcomes).toMatchObject([{ reason: { code: "CONFLICT" } }, { reason: { name: "PredecessorFailed" } }]);
  });

  it("gives its connection to others that wait for one, however long the pipeline is", async () => {
    const data = place.open({ poolCount: 1 });
    const pipeline = new CommitPipeline();
    let served: string | undefined;
    let other: Promise<unknown> | undefined;
    const ask = async (): Promise<void> => {
      const asked = data.transaction(testScope(), async () => {});
      served = await asked.then(
        () => "served",
        () => "refused",
      );
    };
    const next = (): Promise<unknown> => {
      let following: Promise<unknown> | undefined;
      const run = async (tx: DataTransaction<typeof tables>): Promise<void> => {
        other ??= ask();
        await tx.run({ ...FAILING, text: "select 1" });
      };
      const onCommitting = (): void => {
        if (served === undefined) following = next();
      };
      return data.transaction(testScope(), run, { pipeline, onCommitting }).then(() => following);
    };
    await next();
    await other;
    expect([served, data.stats().inUse]).toEqual(["served", 0]);
  });
});
