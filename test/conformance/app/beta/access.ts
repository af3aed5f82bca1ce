import type { Probe } from "../../probe.ts";
import type { BetaHandlers } from "./context.ts";

type Trio = BetaHandlers["access"]["public"];

/** Handlers that note each of their calls. */
export function createAccess(probe: Probe): BetaHandlers["access"] {
  const trio: Trio = {
    ask: ({ input }) => enter(probe, input.tag),
    act: ({ input }) => enter(probe, input.tag),
    async *follow({ input }) {
      yield enter(probe, input.tag);
    },
  };
  return { public: trio, user: trio, admin: trio, internal: trio };
}

function enter(probe: Probe, tag: string): string {
  probe.note(tag, "entered");
  return "entered";
}
