export * from "./bound-call.ts";
export * from "./call-origin.ts";
export * from "./call-tree.ts";
export * from "./compiled-procedure.ts";
export * from "./context-runtime.ts";
export * from "./pending-call.ts";
export * from "./runtime-context.ts";
export * from "./trpc-router.ts";
