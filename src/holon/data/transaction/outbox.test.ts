import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { catalogueError } from "../../kernel/holon-error.ts";
import { signal } from "../child.testing.ts";
import { testScope } from "../database.testing.ts";
import type { Tables } from "../drizzle/database.ts";
import { orders, useOrders } from "../orders.testing.ts";
import type { DataTransaction } from "./run-transaction.ts";

const place = useOrders({ poolCount: 10 });

function emit(name: string, key: string | undefined, payload: unknown = {}): Promise<void> {
  return place.data.transaction(testScope(), (tx) => tx.appendEvent({ name, key, payload }));
}

function numbers() {
  return place.sql`select name, ordered_key as key, key_number::int as number from orders.holon_outbox order by position`;
}

describe("what a transaction appends", () => {
  it("is written with its data, its initiator and its trace", async () => {
    const scope = testScope();
    await place.data.transaction(scope, async (tx) => {
      await tx.db.insert(orders).values({ email: "a", amount: 1 });
      await tx.appendEvent({ name: "orderPlaced", key: undefined, payload: { id: 1, lines: [{ n: 2 }] } });
      await tx.appendJob({ name: "sendReceipt", data: { id: 1 }, options: { delayMs: 5 } });
    });
    const rows = await place.sql`select kind, name, ordered_key, payload, options, traceparent, initiator from orders.holon_outbox order by position`;
    const travels = { traceparent: scope.trace.traceparent, initiator: { kind: "anonymous" } };
    expect(rows).toEqual([
      { kind: "event", name: "orderPlaced", ordered_key: null, payload: { id: 1, lines: [{ n: 2 }] }, options: null, ...travels },
      { kind: "job", name: "sendReceipt", ordered_key: null, payload: { id: 1 }, options: { delayMs: 5 }, ...travels },
    ]);
  });

  it("is not written when the transaction fails", async () => {
    const attempt = place.data.transaction(testScope(), async (tx) => {
      await tx.appendEvent({ name: "orderPlaced", key: "a", payload: {} });
      throw catalogueError("FORBIDDEN", "no");
    });
    await expect(attempt).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await place.sql`select 1 from orders.holon_outbox`).toEqual([]);
    expect(await place.sql`select 1 from orders.holon_order`).toEqual([]);
  });

  it.each([
    ["U+0000", "a\u0000b"],
    ["half of a surrogate pair", "a\ud83db"],
  ])("is refused at once with %s in it, which its table cannot keep, and the transaction's data is rolled back", async (_name, text) => {
    const appended: ((tx: Pick<DataTransaction<Tables>, "appendEvent" | "appendJob" | "appendRun">) => Promise<unknown>)[] = [
      (tx) => tx.appendEvent({ name: "orderPlaced", key: undefined, payload: { texts: [text] } }),
      (tx) => tx.appendEvent({ name: "orderPlaced", key: undefined, payload: { [text]: 1 } }),
      (tx) => tx.appendJob({ name: "sendReceipt", data: text, options: {} }),
      (tx) => tx.appendJob({ name: "sendReceipt", data: {}, options: { deduplicationKey: text } }),
      (tx) => tx.appendRun({ workflow: "place", version: 1, key: text, input: {}, inputHash: "" }),
    ];
    for (const append of appended) {
      let refusal: unknown;
      const attempt = place.data.transaction(testScope(), async (tx) => {
        await tx.db.insert(orders).values({ email: "a", amount: 1 });
        await append(tx).catch((error: unknown) => {
          refusal = error;
          throw error;
        });
      });
      await expect(attempt).rejects.toMatchObject({ code: "BAD_REQUEST", message: expect.stringContaining("cannot be stored") });
      expect(refusal).toMatchObject({ code: "BAD_REQUEST" });
    }
    expect(await place.sql`select 1 from orders.orders`).toEqual([]);
  });

  it("is kept if its text looks like an escape", async () => {
    const payload = { text: "\\u0000 \\\\ud800", "\\udfff": "\ud83d\ude00" };
    await place.data.transaction(testScope(), (tx) => tx.appendEvent({ name: "orderPlaced", key: undefined, payload }));
    expect(await place.sql`select payload from orders.holon_outbox`).toEqual([{ payload }]);
  });

  it("is kept as it was when it was appended", async () => {
    const payload = { id: 1 };
    await place.data.transaction(testScope(), async (tx) => {
      await tx.appendEvent({ name: "orderPlaced", key: undefined, payload });
      payload.id = 2;
    });
    expect(await place.sql`select payload from orders.holon_outbox`).toEqual([{ payload: { id: 1 } }]);
  });

  it("is announced after the commit only", async () => {
    const announced: string[] = [];
    const data = place.open({}, { onAppended: () => void announced.push("appended") });
    await data.transaction(testScope(), ({ db }) => db.insert(orders).values({ email: "a", amount: 1 }));
    await data.transaction(testScope(), async (tx) => {
      await tx.appendEvent({ name: "orderPlaced", key: undefined, payload: {} });
      announced.push("working");
    });
    expect(announced).toEqual(["working", "appended"]);
  });
});

describe("ordered events", () => {
  it("are numbered by name and key", async () => {
    await emit("placed", "a");
    await emit("placed", "b");
    await emit("shipped", "a");
    await emit("placed", "a");
    expect(await numbers()).toEqual([
      { name: "placed", key: "a", number: 1 },
      { name: "placed", key: "b", number: 1 },
      { name: "shipped", key: "a", number: 1 },
      { name: "placed", key: "a", number: 2 },
    ]);
  });

  it("of one transaction are numbered in the order of appending", async () => {
    await emit("placed", "a");
    await place.data.transaction(testScope(), async (tx) => {
      for (const [key, n] of [
        ["a", 1],
        ["b", 2],
        ["a", 3],
      ] as const)
        await tx.appendEvent({ name: "placed", key, payload: { n } });
    });
    const rows =
      await place.sql`select ordered_key as key, key_number::int as number, payload->>'n' as n from orders.holon_outbox where payload ? 'n' order by position`;
    expect(rows).toEqual([
      { key: "a", number: 2, n: "1" },
      { key: "b", number: 1, n: "2" },
      { key: "a", number: 3, n: "3" },
    ]);
  });

  it("have no gap if transactions fail, among 100 writers", async () => {
    const writers = Array.from({ length: 100 }, (_, index) =>
      place.data
        .transaction(testScope(), async (tx) => {
          await tx.appendEvent({ name: "placed", key: `k${index % 3}`, payload: {} });
          await tx.db.execute(index % 5 === 0 ? sql`select 1/0` : sql`select 1`);
        })
        .catch(() => {}),
    );
    await Promise.all(writers);
    const rows =
      await place.sql`select ordered_key as key, count(*)::int as count, max(key_number)::int as last, min(key_number)::int as first from orders.holon_outbox group by 1`;
    expect(rows.map(({ count, last, first }) => [first, last, count])).toEqual(rows.map(({ count }) => [1, count, count]));
    expect(rows.reduce((sum, row) => sum + (row["count"] as number), 0)).toBe(80);
  });

  it("do not make two transactions deadlock", async () => {
    const pairs = Array.from({ length: 40 }, (_, index) =>
      place.data.transaction(testScope(), async (tx) => {
        for (const key of index % 2 === 0 ? ["x", "y", "z"] : ["z", "y", "x"]) await tx.appendEvent({ name: "placed", key, payload: {} });
      }),
    );
    await Promise.all(pairs);
    const before = await place.sql`select deadlocks::int from pg_stat_database where datname = current_database()`;
    expect(before).toEqual([{ deadlocks: 0 }]);
  });

  it("of a transaction that commits late hold back later ones for a reader that stops at the oldest open transaction", async () => {
    const appended = signal();
    const release = signal();
    const late = place.data.transaction(testScope(), async ({ db }) => {
      await db.execute(sql`insert into orders.holon_outbox (kind, name, payload, initiator) values ('event', 'late', '{}', '{}')`);
      appended.resolve();
      await release.promise;
    });
    await appended.promise;
    await emit("early", undefined);
    const safe = () =>
      place.sql`select name from orders.holon_outbox where transaction_id < pg_snapshot_xmin(pg_current_snapshot()) order by position`;
    expect(await safe()).toEqual([]);
    release.resolve();
    await late;
    expect(await safe()).toEqual([{ name: "late" }, { name: "early" }]);
  });
});
