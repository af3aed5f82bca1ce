export * from "./define-context.ts";
export * from "./handler-context.ts";
export * from "./handlers.ts";
export * from "./store.ts";
