import { QueryClient } from "@tanstack/react-query";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { describe, expectTypeOf, test } from "vitest";
import type { catalog } from "./client.testing.ts";
import type { Client } from "./create-client.ts";
import type { RouterOf } from "./index.ts";

type Contracts = { readonly catalog: typeof catalog };

declare const client: Client<Contracts>;

describe("TanStack Query's options proxy", () => {
  const queryClient = new QueryClient();
  const trpc = createTRPCOptionsProxy<RouterOf<Contracts>>({ client, queryClient });

  test("types queries by the contract", async () => {
    const product = await queryClient.fetchQuery(trpc.catalog.products.get.queryOptions({ id: "1" }));
    expectTypeOf(product).toEqualTypeOf<{ id: string; token: string }>();
    expectTypeOf(trpc.catalog.products.get.queryKey).toBeCallableWith({ id: "1" });
    // @ts-expect-error the id is a string
    trpc.catalog.products.get.queryOptions({ id: 1 });
    // @ts-expect-error an internal procedure
    void trpc.catalog.secret;
  });

  test("types mutations and the errors that the contract declares", () => {
    trpc.catalog.stock.reserve.mutationOptions({
      onError(error) {
        if (error.data?.code === "OUT_OF_STOCK") expectTypeOf(error.data.details).toEqualTypeOf<{ available: number }>();
        // @ts-expect-error not an error of this procedure
        if (error.data?.code === "PAYMENT_DECLINED") return;
      },
    });
  });

  test("types the items of subscriptions", () => {
    trpc.catalog.stock.watch.subscriptionOptions({ id: "1" }, { onData: (item) => expectTypeOf(item).toEqualTypeOf<{ stock: number }>() });
  });
});
