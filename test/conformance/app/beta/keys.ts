import { asc, eq } from "drizzle-orm";
import { outsideEffect, type Transaction } from "holon";
import type { Probe } from "../../probe.ts";
import type { BetaHandlers, beta } from "./context.ts";
import { items } from "./tables.ts";

type Row = typeof items.$inferSelect;
/** The transaction of {@link beta}. */
type BetaTransaction = Transaction<{
  contract: typeof beta.contract;
  tables: { items: typeof items };
  calls: typeof beta.calls;
  jobs: typeof beta.jobSpecs;
  workflows: typeof beta.workflowSpecs;
}>;

/** Mutations that callers may retry. */
export const createKeys = (probe: Probe): BetaHandlers["keys"] => ({
  async add({ input, ctx, tx }) {
    const row = await insert(tx, input);
    if (probe.failing.has(input.tag)) throw ctx.fail("REFUSED", null);
    return row;
  },
  addMore: ({ input, tx }) => insert(tx, input),
  async addSilently({ input, tx }) {
    await insert(tx, input);
  },
  async addForNull({ input, tx }) {
    await insert(tx, input);
    return probe.failing.has(input.tag) ? "a\ud83d" : null;
  },
  chargeForNull: outsideEffect(({ input, ctx }) =>
    ctx.transaction(async (tx) => {
      await insert(tx, input);
      return null;
    }),
  ),
  async addWrongly({ input, tx }) {
    const row = await insert(tx, input);
    return probe.failing.has(input.tag) ? ({ ...row, amount: "s3cret" } as never) : row;
  },
  charge: outsideEffect(async ({ input, ctx, key, attempt }) => {
    probe.note(`${input.tag} attempts`, attempt);
    await ctx.call.gamma.ledger.book(input, { key });
    if (probe.failing.has(input.tag)) throw ctx.fail("DECLINED", null);
    return ctx.transaction((tx) => insert(tx, input));
  }),
  async addSlowly({ input, tx }) {
    probe.open(`${input.tag} entered`);
    await probe.pass(`${input.tag} go on`);
    return insert(tx, input);
  },
  chargeSlowly: outsideEffect(async ({ input, ctx }) => {
    probe.open(`${input.tag} entered`);
    await probe.pass(`${input.tag} go on`);
    return ctx.transaction((tx) => insert(tx, input));
  }),
  chargeWithoutTransaction: outsideEffect(async () => "unrecorded"),
  chargeTwice: outsideEffect(async ({ input, ctx }) => {
    const add = (amount: number): Promise<string> => ctx.transaction(async (tx) => (await insert(tx, { tag: input.tag, amount })).id);
    await add(1);
    return add(2);
  }),
  async rows({ input, ctx }) {
    const rows = await ctx.db.select().from(items).where(eq(items.tag, input.tag)).orderBy(asc(items.amount), asc(items.name));
    return rows.map(({ amount }) => ({ name: "item", amount }));
  },
});

async function insert(tx: Pick<BetaTransaction, "db">, { tag, amount }: { readonly tag: string; readonly amount: number }): Promise<Row> {
  const [row] = await tx.db.insert(items).values({ tag, amount, name: crypto.randomUUID() }).returning();
  return row as Row;
}
