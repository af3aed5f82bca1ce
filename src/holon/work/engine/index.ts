export * from "./lease-keeper.ts";
export * from "./lease-thread.ts";
export * from "./leases.ts";
export * from "./reclaim-guard.ts";
export * from "./sweeper.ts";
export * from "./task.ts";
export * from "./task-board.ts";
export * from "./work-database.ts";
