import type { Probe } from "../../probe.ts";
import { dataOf, spoil } from "../data.ts";
import type { AlphaHandlers } from "./context.ts";

/** Changes sent inputs and received answers, and checks that beta does not see the change. */
export const createSharing = (probe: Probe): AlphaHandlers["sharing"] => ({
  async mutateAfter({ input: { tag }, ctx }) {
    const data = dataOf(tag);
    const answer = await ctx.call.beta.sharing.keep({ tag, data });
    spoil(data);
    spoil(answer);
    return { answer: probe.kept(`${tag} output`) as typeof answer, kept: probe.kept(`${tag} input`) as typeof answer };
  },
});
