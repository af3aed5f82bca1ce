// For users: the client, the options of its calls, and its errors.

export { isTRPCClientError, safe, TRPCClientError } from "@trpc/client";
export type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
export type { RouterOf } from "../contract/router-types.ts";
export type { CallContext } from "./call-headers.ts";
export { type Client, type ClientOptions, createClient, isHolonCode, type RequestHeaders, type RequestHeadersOptions } from "./create-client.ts";

// For authors of extensions: the shape of errors, for libraries that wrap the client.

export type { ErrorData, ErrorShape } from "../contract/router-types.ts";
