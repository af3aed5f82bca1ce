import { HolonError } from "holon";
import type { Probe } from "../../probe.ts";
import type { BetaHandlers } from "./context.ts";

/** Handlers for many concurrent calls, and for large ones. */
export const createLoad = (probe: Probe): BetaHandlers["load"] => ({
  double: ({ input }) => ({ n: 2 * input.n }),
  async doubleLater({ input }) {
    await new Promise((resolve) => setImmediate(resolve));
    return { n: 2 * input.n };
  },
  async hold({ input }) {
    probe.note(`${input.tag} entered`, 1);
    await probe.pass(input.tag);
    return "held";
  },
  answer: ({ input }) => ({ text: "ä".repeat(input.chars) }),
  measure: ({ input }) => input.text.length,
  details({ input }) {
    throw new HolonError("LARGE", "Large.", { details: { text: "ä".repeat(input.chars) } });
  },
});
