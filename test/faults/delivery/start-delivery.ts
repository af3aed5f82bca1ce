import { type Fleet, type FleetOptions, type Member, startFleet } from "../harness/fleet.ts";
import type { BackendKind } from "../harness/queues.ts";
import { SUBSCRIBERS } from "./contracts.ts";

/** Orders, answering the public, and a process for each of those who hear of them. */
const MEMBERS: readonly Member[] = [
  { name: "orders", contexts: "orders", roles: "edge,rpc,jobs" },
  ...SUBSCRIBERS.map((name) => ({ name, contexts: name, roles: "jobs" })),
];

/** All who hear of orders in one process. */
export const LISTENERS: Member = { name: "listeners", contexts: SUBSCRIBERS.join(","), roles: "jobs" };

/** Starts the delivery app, a process a context unless told otherwise. */
export function startDelivery(
  backend: BackendKind,
  options: Partial<Pick<FleetOptions, "ownDatabases" | "members" | "between">> = {},
): Promise<Fleet> {
  return startFleet({ app: "delivery", backend, contexts: ["orders", ...SUBSCRIBERS], members: MEMBERS, ...options });
}
