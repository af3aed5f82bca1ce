import type { Readiness } from "../../edge/index.ts";
import type { MeshPeer } from "../../mesh/index.ts";
import type { Work } from "../start/start-work.ts";

/** What readiness is read from. */
export interface ReadinessParts {
  readonly stopping: boolean;
  /** Contexts whose database does not answer. */
  readonly silent: ReadonlySet<string>;
  readonly peers: ReadonlyMap<string, MeshPeer>;
  readonly work: Work | undefined;
}

/** Whether a process can do its work. One whose queues are away can: what waits for them stays in the outbox. */
export function readinessOf({ stopping, silent, peers, work }: ReadinessParts): Readiness {
  const reasons: string[] = [];
  if (stopping) reasons.push("this process is stopping");
  for (const name of silent) reasons.push(`the database of ${name} does not answer`);
  for (const [name, peer] of peers) {
    const { status, reason } = peer.state();
    if (status !== "ready") reasons.push(`${name} is not connected: ${reason}`);
  }
  const degraded = work?.backend?.reachable === false ? ["the queues cannot be reached: events and jobs wait"] : [];
  return { ready: reasons.length === 0, reasons, degraded };
}
