import { type Fleet, type FleetOptions, type Member, startFleet } from "../harness/fleet.ts";
import type { BackendKind } from "../harness/queues.ts";
import { SUBSCRIBERS } from "./contracts.ts";

/** The public orders process, and one process for each subscriber. */
const MEMBERS: readonly Member[] = [
  { name: "orders", contexts: "orders", roles: "edge,rpc,jobs" },
  ...SUBSCRIBERS.map((name) => ({ name, contexts: name, roles: "jobs" })),
];

/** One process with all subscribers. */
export const LISTENERS: Member = { name: "listeners", contexts: SUBSCRIBERS.join(","), roles: "jobs" };

/** Starts the delivery app; by default with one process for each context. */
export function startDelivery(
  backend: BackendKind,
  options: Partial<Pick<FleetOptions, "ownDatabases" | "members" | "between">> = {},
): Promise<Fleet> {
  return startFleet({ app: "delivery", backend, contexts: ["orders", ...SUBSCRIBERS], members: MEMBERS, ...options });
}
