export * from "./data-log.ts";
export * from "./embedded-postgres.ts";
export * from "./identifier.ts";
