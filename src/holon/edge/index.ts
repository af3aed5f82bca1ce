export type { AppCookie, AppEdge, AppRoutes } from "./app-routes.ts";
export * from "./create-edge.ts";
export * from "./dashboard/index.ts";
export * from "./edge-options.ts";
export * from "./edge-request.ts";
export * from "./ops-server.ts";
export { openRedisRateStore, type RateStore } from "./rates/index.ts";
