export * from "./call-metrics.ts";
export * from "./call-series.ts";
export { describeError } from "./error-redaction.ts";
export * from "./logger.ts";
export * from "./metrics.ts";
export { redactText } from "./text-redaction.ts";
export * from "./work-metrics.ts";
