export * from "./add-dashboard.ts";
export * from "./dashboard-options.ts";
