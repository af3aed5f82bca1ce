export * from "./console/index.ts";
export * from "./events/index.ts";
export * from "./job.ts";
export * from "./jobs/index.ts";
export * from "./outbox/index.ts";
export * from "./schedules/index.ts";
export * from "./workflow.ts";
export * from "./workflows/index.ts";
