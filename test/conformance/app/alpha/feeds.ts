import type { AlphaHandlers } from "./context.ts";

/** Passes on streams of beta. */
export const feeds: AlphaHandlers["feeds"] = {
  async *relay({ input, ctx }) {
    yield* ctx.call.beta.feeds.count(input);
  },
  async *endless({ input, ctx }) {
    yield* ctx.call.beta.feeds.endless(input);
  },
  async firstThree({ input, ctx }) {
    const items: number[] = [];
    for await (const item of ctx.call.beta.feeds.endless(input)) {
      items.push(item);
      if (items.length === 3) break;
    }
    return items;
  },
};
