export { isTRPCClientError, safe, TRPCClientError } from "@trpc/client";
export type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
export type { ErrorData, ErrorShape, RouterOf } from "../contract/router-types.ts";
export type { CallContext } from "./call-headers.ts";
export * from "./create-client.ts";
export * from "./error-code.ts";
export type { RequestHeaders, RequestHeadersOptions } from "./request-headers.ts";
