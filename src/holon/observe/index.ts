export * from "./call-metrics.ts";
export * from "./call-series.ts";
