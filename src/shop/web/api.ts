import { QueryClient } from "@tanstack/react-query";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type Client, createClient, type inferRouterInputs, type inferRouterOutputs, isTRPCClientError, type RouterOf } from "holon/client";
import type { contracts } from "#contracts";

/** The shop's procedures as tRPC knows them, from the types of the contracts alone. */
export type ShopRouter = RouterOf<typeof contracts>;

/** Answers of procedures, by path. */
export type Outputs = inferRouterOutputs<ShopRouter>;

/** Inputs of procedures, by path. */
export type Inputs = inferRouterInputs<ShopRouter>;

export type Product = Outputs["catalog"]["products"]["get"];
export type Order = Outputs["orders"]["get"];
export type User = Outputs["users"]["get"];

/** `useTRPC()` makes query and mutation options for TanStack Query. */
export const { TRPCProvider, useTRPC } = createTRPCContext<ShopRouter>();

/** Makes the client of the shop. It calls `token` before each request. */
export function createShopClient(token: () => Promise<string | undefined>): Client<typeof contracts> {
  return createClient<typeof contracts>({ url: "/trpc", token });
}

/** How often a failed query is retried. */
const RETRIES = 2;

/** Makes the query cache. Network errors and passing server errors are retried. A refusal is an answer and is not retried. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 5_000, retry: (failures, error) => failures < RETRIES && isPassing(error) },
      mutations: { retry: false },
    },
  });
}

/** Whether a retry may succeed: the network failed, or the server's status says so. */
function isPassing(error: unknown): boolean {
  if (!isTRPCClientError(error)) return true;
  const data = error.data as { readonly httpStatus?: number } | null | undefined;
  return data?.httpStatus === undefined || data.httpStatus >= 502;
}
