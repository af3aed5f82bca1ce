export type { AppCookie, AppEdge, AppRoutes } from "./app-routes/app-routes.ts";
export * from "./create-edge.ts";
export * from "./edge-options.ts";
export * from "./http/edge-request.ts";
export * from "./openapi/index.ts";
export { openRedisRateStore, type RateStore } from "./rates/index.ts";
