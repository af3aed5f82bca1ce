export * from "./create-work-console.ts";
export type { ResumeRun } from "./stuck-runs.ts";
export * from "./work-console.ts";
