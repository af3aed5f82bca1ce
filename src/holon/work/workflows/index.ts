export * from "./find-run.ts";
export * from "./workflow-run.ts";
