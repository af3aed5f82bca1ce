export * from "./create-work-console.ts";
export * from "./work-console.ts";
