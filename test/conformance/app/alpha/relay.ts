import { safeCall } from "holon";
import { caughtOf } from "../caught.ts";
import type { AlphaHandlers } from "./context.ts";

/** Passes calls on to beta, and handles the answers in various ways. */
export const relay: AlphaHandlers["relay"] = {
  uncaught: ({ input, ctx }) => ctx.call.beta.errors.later(input),
  declaring: ({ input, ctx }) => ctx.call.beta.errors.later(input),
  caught: ({ input, ctx }) => caughtOf(ctx.call.beta.errors.later(input)),
  async safe({ input, ctx }) {
    const [answer, error] = await safeCall(ctx.call.beta.errors.later(input));
    if (error === undefined) return answer;
    return error.code === "OUT_OF_STOCK" ? `only ${error.details.available}` : error.code;
  },
  internal: ({ input, ctx }) => ctx.call.beta.access.internal.ask(input),
  badInput: ({ ctx }) => caughtOf(ctx.call.beta.errors.later({ what: 5 } as never)),
  members: ({ input, ctx }) => ctx.call.beta.access.user.ask(input),
  membersAsSystem: ({ input, ctx }) => ctx.asSystem.call.beta.access.admin.ask(input),
  ownRow: ({ input, ctx }) => ctx.call.beta.rows.get(input),
  ownRowAsSystem: ({ input, ctx }) => ctx.asSystem.call.beta.rows.get(input),
  async concurrent({ input, ctx }) {
    const answers = await Promise.all(Array.from({ length: input.count }, (_, n) => ctx.call.beta.load.doubleLater({ n })));
    return answers.filter((answer, n) => answer.n === 2 * n).length;
  },
  async large({ input, ctx }) {
    const { text } = await ctx.call.beta.load.answer(input);
    return ctx.call.beta.load.measure({ text });
  },
  async keyed({ input: { tag, key }, ctx }) {
    const first = await ctx.call.beta.keys.add({ tag, amount: 1 }, { key });
    const again = await ctx.call.beta.keys.add({ tag, amount: 1 }, { key });
    const other = await ctx.call.beta.keys.add({ tag, amount: 1 });
    return [first.id === again.id ? "same" : "another", other.id === first.id ? "same" : "another"];
  },
};
