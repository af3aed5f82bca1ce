import { eq, sql } from "drizzle-orm";
import { outsideEffect } from "holon";
import type { BetaHandlers } from "./context.ts";
import { items } from "./tables.ts";

type Act = BetaHandlers["executed"]["act"];
type Args = Parameters<Act>[0];
type Statements = Pick<Parameters<Parameters<Args["ctx"]["transaction"]>[0]>[0]["db"], "execute">;

/** The advisory lock that the cases hold. A statement that waits for it fails with a lock timeout. */
export const HELD_LOCK = 714_003;

/** Mutations that do some work and then fail. */
export const executed: BetaHandlers["executed"] = {
  async act(args) {
    for (const what of args.input.before) await BEFORE[what](args);
    if (args.input.end === "refuse") throw args.ctx.fail("REFUSED", null);
    await args.ctx.transaction(({ db }) => waitForLock(db));
  },
  async actOnce({ input, ctx, tx }) {
    await tx.db.insert(items).values({ tag: input.tag, name: "once", amount: 1 });
    if (input.end === "refuse") throw ctx.fail("REFUSED", null);
    await waitForLock(tx.db);
  },
  charge: outsideEffect(async ({ input, ctx }) => {
    if (input.end === "refuse") throw ctx.fail("REFUSED", null);
    await ctx.transaction(({ db }) => waitForLock(db));
  }),
};

const BEFORE: Readonly<Record<Args["input"]["before"][number], (args: Args) => Promise<unknown>>> = {
  commit: ({ input: { tag }, ctx }) => ctx.transaction(({ db }) => db.insert(items).values({ tag, name: crypto.randomUUID(), amount: 1 })),
  rollBack: ({ input: { tag }, ctx }) =>
    ctx
      .transaction(async ({ db }) => {
        await db.insert(items).values({ tag, name: crypto.randomUUID(), amount: 1 });
        throw new Error("rolled back");
      })
      .catch(() => {}),
  read: ({ input: { tag }, ctx }) => ctx.db.select().from(items).where(eq(items.tag, tag)),
  call: ({ input: { tag }, ctx }) => ctx.call.gamma.ledger.book({ tag, amount: 1 }),
  refusedCall: ({ ctx }) => ctx.call.gamma.ledger.book({ tag: 5 } as never).catch(() => {}),
  async callAlongside({ input: { tag }, ctx }) {
    // The second call fails while the first one is still running.
    await Promise.all([
      ctx.call.gamma.ledger.book({ tag, amount: 1 }),
      ctx.call.gamma.ledger.booked({ tag: 5 } as never).catch(() => {
        throw ctx.fail("REFUSED", null);
      }),
    ]);
  },
  ask: ({ input: { tag }, ctx }) => ctx.call.gamma.ledger.booked({ tag }),
};

async function waitForLock(db: Statements): Promise<void> {
  await db.execute(sql`set local lock_timeout = '20ms'`);
  await db.execute(sql`select pg_advisory_xact_lock(${HELD_LOCK})`);
}
