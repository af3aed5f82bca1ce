export * from "./data-log.ts";
export * from "./embedded-postgres.ts";
export * from "./identifier.ts";
export * from "./database-error.ts";
export * from "./migrate.ts";
export * from "./sql-state.ts";
