import { setTimeout as delay } from "node:timers/promises";
import type { Edge } from "../../edge/edge-options.ts";
import type { OpenThings } from "../../kernel/lifecycle.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { MeshServer } from "../../mesh/callee/mesh-server.ts";
import type { CompiledContext } from "../../pipeline/context-runtime.ts";
import type { Work } from "../start/start-work.ts";

/** The parts that {@link stopProcess} stops. */
interface StopParts {
  readonly limits: Limits;
  readonly edge: Edge | undefined;
  readonly mesh: MeshServer | undefined;
  readonly work: Work | undefined;
  readonly hosted: readonly CompiledContext[];
  readonly open: OpenThings;
}

/**
 * Reports not ready for a while, so that load balancers notice. Then closes the edge and the queues, which call contexts; then the mesh, on which other
 * processes call; then the work that runs on without a caller. Each part finishes its work in flight within the grace period.
 */
export async function stopProcess({ limits, edge, mesh, work, hosted, open }: StopParts): Promise<void> {
  if (limits.drainMs > 0) await delay(limits.drainMs);
  await Promise.all([edge?.close(), work?.close()]);
  await mesh?.drain();
  const patience = new AbortController();
  await Promise.race([
    Promise.all(hosted.map((context) => context.idle())),
    delay(limits.graceMs, undefined, { signal: patience.signal }).catch(() => {}),
  ]);
  patience.abort();
  await open.close();
}
