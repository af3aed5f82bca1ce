import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { catalogueError } from "../../kernel/holon-error.ts";
import { signal, until } from "../child.testing.ts";
import { testScope } from "../database.testing.ts";
import { orders, type tables, useOrders } from "../orders.testing.ts";
import { type ClaimedKey, type KeyScope, requestHash } from "./key-claim.ts";

const place = useOrders();

function keyOf(key: string, others: Partial<KeyScope> = {}): KeyScope {
  return { principal: "user:1", procedure: "orders.place", key, requestHash: requestHash({ n: 1 }), wait: true, ...others };
}

function insert(email: string) {
  return place.data.runOnce(testScope(), keyOf("k"), async ({ db }) => {
    const [row] = await db.insert(orders).values({ email, amount: 1 }).returning({ email: orders.email });
    return row;
  });
}

async function claimed(scope = testScope()): Promise<ClaimedKey<typeof tables>> {
  const claim = await place.data.claim(scope, keyOf("k"));
  expect(claim.kind).toBe("claimed");
  return claim as ClaimedKey<typeof tables>;
}

describe("an effect that is written with its key", () => {
  it("happens once, and every later call gets the first answer", async () => {
    expect(await insert("first")).toEqual({ email: "first" });
    expect(await insert("second")).toEqual({ email: "first" });
    expect(await place.sql`select email from orders.orders`).toEqual([{ email: "first" }]);
  });

  it("happens once for 20 calls at the same moment, from two processes' pools", async () => {
    const other = place.open();
    let runs = 0;
    const calls = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? place.data : other).runOnce(testScope(), keyOf("k"), async ({ db }) => {
        runs++;
        await db.insert(orders).values({ email: `e${index}`, amount: 1 });
        return index;
      }),
    );
    const answers = await Promise.all(calls);
    expect(runs).toBe(1);
    expect(new Set(answers).size).toBe(1);
    expect(await place.sql`select count(*)::int as count from orders.orders`).toEqual([{ count: 1 }]);
  });

  it("leaves connections to others while duplicates wait", async () => {
    const entered = signal();
    const release = signal();
    const first = place.data.runOnce(testScope(), keyOf("k"), async () => {
      entered.resolve();
      await release.promise;
      return 1;
    });
    await entered.promise;
    const duplicates = Array.from({ length: 20 }, () => place.data.runOnce(testScope(), keyOf("k"), async () => 2));
    await place.data.reader(testScope()).$count(orders);
    expect(place.data.stats()).toMatchObject({ inUse: 1, waiting: 0 });
    release.resolve();
    expect(await Promise.all([first, ...duplicates])).toEqual(Array(21).fill(1));
  });

  it("gives its key free if it fails, and the duplicate that waited runs", async () => {
    const other = place.open();
    const entered = signal();
    const release = signal();
    const first = place.data.runOnce(testScope(), keyOf("k"), async () => {
      entered.resolve();
      await release.promise;
      throw catalogueError("FORBIDDEN", "no");
    });
    const failing = expect(first).rejects.toMatchObject({ code: "FORBIDDEN" });
    await entered.promise;
    const second = other.runOnce(testScope(), keyOf("k"), async () => "second");
    await place.isRunning("holon_keys");
    release.resolve();
    await failing;
    expect(await second).toBe("second");
  });

  it("keeps the answer as it was written", async () => {
    const answer = { b: [1, { z: null, a: "x" }], a: 1.5 };
    await place.data.runOnce(testScope(), keyOf("k"), async () => answer);
    const again = await place.data.runOnce(testScope(), keyOf("k"), async () => "never");
    expect(JSON.stringify(again)).toBe(JSON.stringify(answer));
  });

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["false", false],
    ["a text", "text"],
  ])("keeps the answer %s", async (_what, answer) => {
    await place.data.runOnce(testScope(), keyOf("k"), async () => answer);
    expect(await place.data.runOnce(testScope(), keyOf("k"), async () => "never")).toBe(answer);
  });

  it("refuses the key for another input, and takes it for another principal or procedure", async () => {
    const run = (others: Partial<KeyScope>, answer: number) => place.data.runOnce(testScope(), keyOf("k", others), async () => answer);
    await run({}, 1);
    await expect(run({ requestHash: requestHash({ n: 2 }) }, 2)).rejects.toMatchObject({ code: "KEY_REUSED" });
    expect(await run({ principal: "user:2" }, 3)).toBe(3);
    expect(await run({ procedure: "orders.cancel" }, 4)).toBe(4);
  });

  it("reports that the first call still runs if the deadline comes first", async () => {
    const other = place.open();
    const entered = signal();
    const release = signal();
    const first = place.data.runOnce(testScope(), keyOf("k"), async () => {
      entered.resolve();
      await release.promise;
      return 1;
    });
    await entered.promise;
    await expect(other.runOnce(testScope(100), keyOf("k"), async () => 2)).rejects.toMatchObject({ code: "KEY_IN_FLIGHT" });
    release.resolve();
    expect(await first).toBe(1);
  });

  it.each([
    ["the same process", () => place.data],
    ["another process", () => place.open()],
  ])("is refused at once to a duplicate of %s that does not wait, which gets the answer once it is written", async (_whose, dataOf) => {
    const other = dataOf();
    const entered = signal();
    const release = signal();
    const first = place.data.runOnce(testScope(), keyOf("k"), async () => {
      entered.resolve();
      await release.promise;
      return 1;
    });
    await entered.promise;
    const duplicate = () => other.runOnce(testScope(), keyOf("k", { wait: false }), async () => 2);
    await expect(duplicate()).rejects.toMatchObject({ code: "KEY_IN_FLIGHT" });
    await expect(place.data.runOnce(testScope(), keyOf("other", { wait: false }), async () => 3)).resolves.toBe(3);
    release.resolve();
    expect(await first).toBe(1);
    expect(await duplicate()).toBe(1);
  });

  it("can run again at once for duplicates that do not wait, after it failed", async () => {
    const run = (work: () => Promise<unknown>) => place.data.runOnce(testScope(), keyOf("k", { wait: false }), work);
    const failing = run(async () => {
      throw catalogueError("FORBIDDEN", "no");
    });
    await expect(failing).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await run(async () => "second")).toBe("second");
  });

  it("happens once for 20 calls at the same moment that do not wait: each gets the same answer or is refused", async () => {
    const other = place.open();
    const call = (index: number) =>
      (index % 2 === 0 ? place.data : other).runOnce(testScope(), keyOf("k", { wait: false }), async ({ db }) => {
        await db.insert(orders).values({ email: `e${index}`, amount: 1 });
        return index;
      });
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => call(index)));
    const answers = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const refusals = results.flatMap((result) => (result.status === "rejected" ? [(result.reason as { code: string }).code] : []));
    expect(new Set(answers).size).toBe(1);
    expect(refusals.every((code) => code === "KEY_IN_FLIGHT")).toBe(true);
    expect(await place.sql`select count(*)::int as count from orders.orders`).toEqual([{ count: 1 }]);
    // When the answer is written, later calls are not refused any more.
    expect(await Promise.all(Array.from({ length: 20 }, (_, index) => call(index)))).toEqual(Array(20).fill(answers[0]));
  });

  it("happens once among calls that wait and calls that do not", async () => {
    const other = place.open();
    const calls = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? place.data : other).runOnce(testScope(), keyOf("k", { wait: index % 4 < 2 }), async ({ db }) => {
        await db.insert(orders).values({ email: `e${index}`, amount: 1 });
        return index;
      }),
    );
    const results = await Promise.allSettled(calls);
    const waited = results.filter((_, index) => index % 4 < 2);
    expect(waited.every(({ status }) => status === "fulfilled")).toBe(true);
    expect(new Set(results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []))).size).toBe(1);
    expect(await place.sql`select count(*)::int as count from orders.orders`).toEqual([{ count: 1 }]);
  });

  it("waits for its key longer than for other locks, and for other locks as long as usual", async () => {
    const other = place.open({ lockTimeoutMs: 50 });
    const shown = await other.runOnce(testScope(), keyOf("k"), async ({ db }) => (await db.execute(sql`show lock_timeout`))[0]);
    expect(shown).toEqual({ lock_timeout: "50ms" });
  });
});

describe("a key claimed for an effect outside of the database", () => {
  it("gives the answer to other calls once it is complete", async () => {
    const claim = await claimed();
    expect(claim.attempt).toBe(1);
    await place.data.transaction(testScope(), (tx) => claim.complete(tx, { charge: 7 }));
    expect(await place.data.claim(testScope(), keyOf("k"))).toEqual({ kind: "answer", answer: { charge: 7 } });
  });

  it("is refused to a duplicate at once if it does not wait, and waited for if it does", async () => {
    const claim = await claimed();
    await expect(place.data.claim(testScope(), keyOf("k", { wait: false }))).rejects.toMatchObject({ code: "KEY_IN_FLIGHT" });
    const waiting = place.data.claim(testScope(), keyOf("k"));
    await place.data.transaction(testScope(), (tx) => claim.complete(tx, 7));
    expect(await waiting).toEqual({ kind: "answer", answer: 7 });
  });

  it("is held by one of 20 that come at the same moment", async () => {
    const other = place.open();
    const calls = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? place.data : other).claim(testScope(), keyOf("k", { wait: false })));
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("is taken over when its lease is over, and the old holder cannot write any more", async () => {
    const old = await claimed(testScope(50));
    const next = await claimed();
    expect(next.attempt).toBe(2);
    const zombie = place.data.transaction(testScope(), async (tx) => {
      await tx.db.insert(orders).values({ email: "zombie", amount: 1 });
      await old.complete(tx, "zombie");
    });
    await expect(zombie).rejects.toMatchObject({ code: "KEY_IN_FLIGHT" });
    await place.data.transaction(testScope(), (tx) => next.complete(tx, "next"));
    expect(await place.sql`select email from orders.orders`).toEqual([]);
    expect(await place.data.claim(testScope(), keyOf("k"))).toEqual({ kind: "answer", answer: "next" });
  });

  it("can be claimed at once after it was given back, with the next attempt", async () => {
    const scope = testScope();
    const first = await claimed(scope);
    scope.cancel(catalogueError("DEADLINE_EXCEEDED", "late"));
    await first.release();
    expect(await place.data.claim(testScope(), keyOf("k", { wait: false }))).toMatchObject({ kind: "claimed", attempt: 2 });
  });

  it("is refused for another input", async () => {
    await claimed();
    await expect(place.data.claim(testScope(), keyOf("k", { requestHash: "other" }))).rejects.toMatchObject({ code: "KEY_REUSED" });
  });

  it("is waited for no longer than the scope lives", async () => {
    await claimed();
    const scope = testScope();
    const waiting = place.data.claim(scope, keyOf("k"));
    const late = catalogueError("DEADLINE_EXCEEDED", "late");
    await until(() => place.data.stats().inUse === 0);
    scope.cancel(late);
    await expect(waiting).rejects.toBe(late);
  });
});

describe("an old key", () => {
  const age = () => place.sql`update orders.holon_keys set expires_at = now() - interval '1 second'`;

  it("may be used again, with another input too", async () => {
    await place.data.runOnce(testScope(), keyOf("k"), async () => 1);
    await age();
    expect(await place.data.runOnce(testScope(), keyOf("k", { requestHash: "other" }), async () => 2)).toBe(2);
  });

  it("is kept for a day", async () => {
    await place.data.runOnce(testScope(), keyOf("k"), async () => 1);
    expect(await place.sql`select round(extract(epoch from expires_at - created_at) / 3600)::int as hours from orders.holon_keys`).toEqual([
      { hours: 24 },
    ]);
  });
});
