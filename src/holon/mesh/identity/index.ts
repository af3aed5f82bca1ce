export * from "./membership.ts";
export * from "./principal-token.ts";
export * from "./process-identity.ts";
export * from "./process-key.ts";
export * from "./roster.ts";
export * from "./signed-principals.ts";
