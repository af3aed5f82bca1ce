export * from "./access.ts";
export * from "./contract.ts";
export * from "./contract-error.ts";
export * from "./event.ts";
export * from "./parser.ts";
export * from "./procedure.ts";
export type * from "./router-types.ts";
export * from "./target.ts";
export * from "./types.ts";
