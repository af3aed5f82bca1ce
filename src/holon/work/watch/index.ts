export * from "./context-watch.ts";
export * from "./resume-refusal.ts";
export * from "./watch-limits.ts";
export type { WatchedEvent, Watcher } from "./watcher.ts";
