import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { signal, until } from "../child.testing.ts";
import { type ContextData, createContextData } from "../context-data.ts";
import { testLimits, testScope, useTestDatabase } from "../database.testing.ts";
import { migrate } from "../migrate/migrate.ts";
import type { KeyScope } from "./key-claim.ts";

const place = useTestDatabase();
let sql: Sql;
let store: ContextData;
const original: KeyScope = {
  principal: "system:orders/workflow place",
  procedure: "stock.reserve",
  key: "run/reserve",
  requestHash: "a",
  wait: true,
};
const undo: KeyScope = { ...original, procedure: "stock.release", key: "run/reserve~undo", requestHash: "b" };

beforeAll(async () => {
  const { url } = place.database;
  const { role } = await migrate({ url, context: "stock" });
  sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql.unsafe(`create table stock.effects (what text not null); ${role === undefined ? "" : `grant all on stock.effects to "${role}"`}`);
  store = createContextData({ context: "stock", url, role, tables: {}, limits: testLimits(), clock: systemClock, log: silentLogger });
});
beforeEach(async () => {
  await sql`truncate stock.effects, stock.holon_keys`;
});
afterAll(async () => {
  await store?.close();
  await sql?.end({ timeout: 1 });
});

const run = (key: KeyScope, what: string, during: () => Promise<void> = async () => {}): Promise<unknown> =>
  store.runOnce(testScope(), key, async (tx) => {
    await tx.run({ text: "insert into stock.effects values ($1::text)", params: [what], prepare: true, rows: "arrays" });
    await during();
    return { what };
  });
const effects = async (): Promise<readonly unknown[]> => (await sql`select what from stock.effects order by 1`).map(({ what }) => what);

describe("a call of a run that was undone", () => {
  it("is refused when it comes after its undoing", async () => {
    await run(undo, "undone");
    await expect(run(original, "reserved")).rejects.toMatchObject({ code: "KEY_UNDONE", executed: "no" });
    expect(await effects()).toEqual(["undone"]);
  });

  it("is refused also if it was answered before: its effect is undone", async () => {
    await run(original, "reserved");
    await run(undo, "undone");
    await expect(run(original, "reserved")).rejects.toMatchObject({ code: "KEY_UNDONE" });
  });

  it("is waited for by its undoing while it is under way, so that the undoing sees its effect", async () => {
    const [begun, go] = [signal(), signal()];
    const first = run(original, "reserved", async () => {
      begun.resolve();
      await go.promise;
    });
    await begun.promise;
    let seen: unknown;
    const second = store.runOnce(testScope(), undo, async (tx) => {
      seen = await tx.run({ text: "delete from stock.effects returning what", params: [], prepare: true, rows: "arrays" });
    });
    await until(async () => (await sql`select 1 from pg_locks where locktype = 'advisory' and not granted`).length === 1);
    go.resolve();
    await Promise.all([first, second]);
    expect([seen, await effects()]).toEqual([[["reserved"]], []]);
  });

  it("goes on if its undoing was rolled back", async () => {
    await expect(run(undo, "undone", () => Promise.reject(new TypeError("no")))).rejects.toThrow("no");
    await run(original, "reserved");
    expect(await effects()).toEqual(["reserved"]);
  });

  it("that acts outside of the database delays its undoing until its claim is over, and then cannot write its effect", async () => {
    const claim = await store.claim(testScope(), original);
    await expect(run(undo, "undone")).rejects.toMatchObject({ code: "KEY_IN_FLIGHT" });
    await sql`update stock.holon_keys set lease_until = now()`;
    await run(undo, "undone");
    const late = store.transaction(testScope(), async (tx) => {
      await tx.run({ text: "insert into stock.effects values ('late')", params: [], prepare: true, rows: "arrays" });
      if (claim.kind === "claimed") await claim.complete(tx, {});
    });
    await expect(late).rejects.toMatchObject({ code: "KEY_UNDONE" });
    await expect(store.claim(testScope(), original)).rejects.toMatchObject({ code: "KEY_UNDONE" });
    expect(await effects()).toEqual(["undone"]);
  });

  it("is known for longer than other keys", async () => {
    await run(original, "reserved");
    await run({ ...original, principal: "user:1" }, "other");
    const rows = await sql`select principal, expires_at > now() + interval '29 days' as long from stock.holon_keys order by 1`;
    expect([...rows]).toEqual([
      { principal: "system:orders/workflow place", long: true },
      { principal: "user:1", long: false },
    ]);
  });

  it("of another principal is not affected", async () => {
    await run(undo, "undone");
    await run({ ...original, principal: "system:orders/workflow other" }, "reserved");
    await run({ ...original, principal: "user:1" }, "used");
    expect(await effects()).toEqual(["reserved", "undone", "used"]);
  });
});
