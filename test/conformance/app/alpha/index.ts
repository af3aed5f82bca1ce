import type { ContextModule } from "holon";
import type { Probe } from "../../probe.ts";
import { createChain } from "./chain.ts";
import { alpha } from "./context.ts";
import { feeds } from "./feeds.ts";
import { relay } from "./relay.ts";
import { createSharing } from "./sharing.ts";
import { walls } from "./walls.ts";

/** The calling context. */
export function createAlpha(probe: Probe): ContextModule {
  return alpha.implement({ procedures: alpha.procedures({ relay, feeds, walls, chain: createChain(probe), sharing: createSharing(probe) }) });
}
