export * from "./client-network.ts";
export * from "./procedure-rates.ts";
export * from "./rate-counter.ts";
export * from "./rate-gate.ts";
export * from "./redis-rate-store.ts";
export * from "./shared-totals.ts";
export * from "./stream-gate.ts";
export * from "./too-many-requests.ts";
