import { HolonError } from "holon";
import type { Probe } from "../../probe.ts";
import { hopOf } from "../hop.ts";
import { reasonOf } from "../reason.ts";
import type { BetaHandlers } from "./context.ts";
import { items } from "./tables.ts";

/** Handlers that take long, and note why they were stopped. */
export const createTime = (probe: Probe): BetaHandlers["time"] => ({
  async hang({ input: { tag }, ctx }) {
    void reasonOf(ctx.signal).then((reason) => probe.note(tag, reason));
    probe.open(`${tag} entered`);
    return new Promise<string>(() => {});
  },
  async lateWork({ input: { tag }, ctx }) {
    await reasonOf(ctx.signal);
    const late = [
      ctx.call.gamma.ledger.booked({ tag }),
      ctx.transaction((tx) => tx.db.insert(items).values({ tag, name: "late", amount: 1 })),
      ctx.db.$count(items),
    ];
    for (const work of late) probe.note(tag, await codeOf(work));
  },
  async spin({ input: { tag }, ctx }) {
    void reasonOf(ctx.signal).then((reason) => probe.note(tag, reason));
    await probe.pass(`${tag} go on`);
    // Over the mesh, the caller's deadline comes up to some milliseconds before that of the callee.
    probe.note(tag, ctx.remainingMs < 10 ? "late, no time left" : `late, ${ctx.remainingMs} ms left`);
    return "late";
  },
  remaining: ({ ctx }) => ctx.remainingMs,
});

async function codeOf(work: PromiseLike<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    return error instanceof HolonError ? error.code : String(error);
  }
}

/** The context of the chain between alpha and gamma. */
export const chain: BetaHandlers["chain"] = {
  async trace({ ctx }) {
    return [hopOf("beta", ctx), ...(await ctx.call.gamma.chain.trace())];
  },
  async sleep({ input, ctx }) {
    await ctx.call.gamma.chain.sleep(input);
  },
  async hang({ input, ctx }) {
    await ctx.call.gamma.chain.hang(input);
  },
};
