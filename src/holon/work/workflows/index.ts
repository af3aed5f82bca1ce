export { keepAwaitedEvent } from "./awaited-events.ts";
export type { HangingRun } from "./body-watch.ts";
export * from "./find-run.ts";
export * from "./run-console.ts";
export type { RunData } from "./run-store.ts";
export * from "./start-workflow-work.ts";
export * from "./workflow-body.ts";
export * from "./workflow-run.ts";
export * from "./workflow-timing.ts";
