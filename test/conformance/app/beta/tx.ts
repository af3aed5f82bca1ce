import { asc, eq, sql } from "drizzle-orm";
import type { Probe } from "../../probe.ts";
import type { BetaHandlers } from "./context.ts";
import { items } from "./tables.ts";

const row = (tag: string, name = "item", amount = 1) => ({ tag, name, amount });

/** Handlers that do allowed and forbidden things in transactions. */
export const createTx = (probe: Probe): BetaHandlers["tx"] => ({
  commit: ({ input: { tag }, ctx }) =>
    ctx.transaction(async (tx) => {
      const [made] = await tx.db.insert(items).values(row(tag)).returning();
      await tx.emit("itemAdded", { tag, amount: 1 });
      await tx.emit("itemAdded", { tag, amount: 2, note: "second" });
      await tx.emit("itemSeen", { tag, text: undefined });
      await tx.enqueue("tell", { tag }, { delayMs: 5, priority: 2 });
      return made as typeof items.$inferSelect;
    }),
  refuse: ({ input: { tag }, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(tag));
      await tx.emit("itemAdded", { tag, amount: 1 });
      await tx.enqueue("tell", { tag });
      throw ctx.fail("REFUSED", null);
    }),
  async breakAfter({ input: { tag }, ctx }) {
    await ctx.transaction((tx) => tx.db.insert(items).values(row(tag)));
    throw new Error("s3cret");
  },
  badEvent: ({ input: { tag }, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(tag));
      await tx.emit("itemAdded", { tag, amount: -1 });
    }),
  badJob: ({ input: { tag }, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(tag));
      await tx.enqueue("tell", { tag: 5 } as never);
    }),
  hugeEvent: ({ input: { tag }, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(tag));
      await tx.emit("itemSeen", { tag, text: "x".repeat(1_100_000) });
    }),
  callInside: ({ input, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(input.tag));
      await ctx.call.gamma.ledger.booked(input);
    }),
  callInsideAsSystem: ({ input, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(input.tag));
      await ctx.asSystem.call.gamma.ledger.booked(input);
    }),
  callInsideCaught: ({ input, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(input.tag));
      return ctx.call.gamma.ledger.booked(input).then(
        () => "called",
        (error: { readonly code: string }) => error.code,
      );
    }),
  async callAfter({ input, ctx }) {
    await ctx.transaction((tx) => tx.db.insert(items).values(row(input.tag)));
    return (await ctx.call.gamma.ledger.booked(input)).length === 0 ? "called" : "booked";
  },
  nested: ({ input: { tag }, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(tag));
      await ctx.transaction((inner) => inner.db.insert(items).values(row(tag, "inner")));
    }),
  async twoInTurn({ input: { tag }, ctx }) {
    await ctx.transaction((tx) => tx.db.insert(items).values(row(tag, "first")));
    await ctx.transaction((tx) => tx.db.insert(items).values(row(tag, "second")));
    return ctx.db.$count(items, eq(items.tag, tag));
  },
  unique: ({ input: { tag, name }, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(tag, name));
      return name;
    }),
  check: ({ input: { tag }, ctx }) => ctx.transaction(async (tx) => void (await tx.db.insert(items).values(row(tag, "s3cret", -1)))),
  badSql: ({ ctx }) => ctx.transaction(async (tx) => void (await tx.db.execute(sql`select s3cret from nowhere`))),
  swallow: ({ input: { tag }, ctx }) =>
    ctx.transaction(async (tx) => {
      await tx.db.insert(items).values(row(tag));
      await tx.db
        .insert(items)
        .values(row(tag))
        .catch(() => probe.note(tag, "swallowed"));
      return "done";
    }),
  async prepared({ input: { tag, name }, ctx }) {
    const find = ctx.prepared("items by name", (db) =>
      db
        .select({ amount: items.amount })
        .from(items)
        .where(sql`${items.tag} = ${sql.placeholder("tag")} and ${items.name} = ${sql.placeholder("name")}`),
    );
    return (await find.execute({ tag, name })).map(({ amount }) => amount);
  },
  async rows({ input, ctx }) {
    const rows = await ctx.db.select().from(items).where(eq(items.tag, input.tag)).orderBy(asc(items.name));
    return rows.map(({ name, amount }) => `${name} ${amount}`);
  },
  writeOutside: ({ ctx }) => ["insert", "update", "delete", "execute", "transaction"].filter((name) => name in ctx.db),
});
