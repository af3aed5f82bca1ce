export * from "./call-metrics.ts";
export * from "./call-series.ts";
export * from "./logger.ts";
export * from "./metrics.ts";
export * from "./work-metrics.ts";
