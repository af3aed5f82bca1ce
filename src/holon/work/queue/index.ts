export * from "./create-queue-backend.ts";
export * from "./queue-backend.ts";
