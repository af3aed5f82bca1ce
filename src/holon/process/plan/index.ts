export * from "./app-shape.ts";
export * from "./configuration-error.ts";
export * from "./connection-budget.ts";
export * from "./plan.ts";
export * from "./read-plan.ts";
export * from "./render-plan.ts";
export * from "./variables.ts";
