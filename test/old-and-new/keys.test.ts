import { fileURLToPath } from "node:url";
import { pgSchema, text } from "drizzle-orm/pg-core";
import { type App, defineApp, defineContext, outsideEffect, workflow } from "holon";
import { contract, mutation } from "holon/contract";
import { createTestDatabase, type TestApp, testApp } from "holon/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

const orders = pgSchema("sales").table("orders", { id: text().primaryKey() });

type AnyApp = TestApp<{ sales: ReturnType<typeof salesOf>["sales"] }>;

/** One of two versions of a context: the second adds an optional member, and one with a default, to each input. */
function salesOf(version: 1 | 2) {
  const added = version === 2 ? { note: z.string().optional(), channel: z.string().default("web") } : {};
  const input = z.object({ id: z.string(), ...added });
  const output = z.object({ version: z.int(), isNew: z.boolean().optional() });
  const place = mutation({ access: "public", idempotent: true, input, output });
  const sales = contract("sales", { procedures: { place, placeOutside: place, begin: mutation({ access: "public", input, output }) } });
  const fulfil = workflow({ version, input });
  const context = defineContext(sales, { tables: { orders }, workflows: { fulfil } });
  const module = context.implement({
    procedures: context.procedures({
      async place({ input: { id }, tx }) {
        await tx.db.insert(orders).values({ id });
        return { version };
      },
      placeOutside: outsideEffect(({ input: { id }, ctx }) =>
        ctx.transaction(async (tx) => {
          await tx.db.insert(orders).values({ id });
          return { version };
        }),
      ),
      begin: ({ input, ctx }) => ctx.transaction(async (tx) => ({ version, isNew: (await tx.start("fulfil", input, { key: input.id })).isNew })),
    }),
    workflows: context.workflows({ async fulfil() {} }),
  });
  const app: App = defineApp({ name: "keys", contexts: [module], migrations: fileURLToPath(new URL("../work/migrations", import.meta.url)) });
  return { sales, app };
}

describe("a key for two versions of a contract, which parse its input to different values,", () => {
  const [before, after] = [salesOf(1), salesOf(2)];
  let apps: readonly AnyApp[];
  let database: Awaited<ReturnType<typeof createTestDatabase>>;

  beforeAll(async () => {
    database = await createTestDatabase();
    apps = [];
    for (const { app, sales } of [before, after])
      apps = [...apps, await testApp(app, { contracts: { sales }, topology: "together", databaseUrl: database.url })];
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await database.drop();
  });

  const sales = (version: 1 | 2) => (apps[version - 1] as AnyApp).asAnonymous().call.sales;

  describe.each(["place", "placeOutside"] as const)("of a mutation (%s)", (form) => {
    it.each([
      [1, 2],
      [2, 1],
    ] as const)("answered by version %i, gets the same answer from version %i, and is refused for another input", async (first, second) => {
      const given = { id: `${form}-${first}`, note: "new" };
      expect(await sales(first)[form](given, { key: given.id })).toEqual({ version: first });
      expect(await sales(second)[form](given, { key: given.id })).toEqual({ version: first });
      await expect(sales(second)[form]({ ...given, note: "another" }, { key: given.id })).rejects.toMatchObject({ code: "KEY_REUSED" });
    });
  });

  it.each([
    [1, 2],
    [2, 1],
  ] as const)("of a run started by version %i finds this run if version %i starts it again", async (first, second) => {
    const given = { id: `run-${first}`, note: "new" };
    expect(await sales(first).begin(given)).toEqual({ version: first, isNew: true });
    expect(await sales(second).begin(given)).toEqual({ version: second, isNew: false });
  });
});
