import type { Probe } from "../../probe.ts";
import type { BetaHandlers } from "./context.ts";

/** Streams that watch the committed events of beta. */
export const createLive = (probe: Probe): BetaHandlers["live"] => ({
  add: ({ input, ctx }) => ctx.transaction((tx) => tx.emit("itemAdded", input)),
  async *watch({ input: { tag, most, lastEventId }, ctx }) {
    const added = await ctx.watch("itemAdded", { key: tag, after: lastEventId });
    probe.open(`${tag} watches`);
    try {
      let left = most;
      for await (const item of added) {
        yield item;
        if (--left === 0) break;
      }
    } finally {
      probe.note(tag, "finally");
    }
  },
});
