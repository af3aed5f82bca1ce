export * from "./job.ts";
export * from "./jobs/index.ts";
export * from "./schedules/index.ts";
