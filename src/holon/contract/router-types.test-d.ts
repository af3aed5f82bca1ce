import { createTRPCClient, isTRPCClientError, safe, type TRPCClient } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { contract } from "./contract.ts";
import { mutation, query, subscription } from "./procedure.ts";
import type { RouterOf } from "./router-types.ts";

const Product = z.object({
  id: z.uuid(),
  name: z.string(),
  note: z.string().optional(),
  tags: z.array(z.string()),
  rates: z.record(z.string(), z.number()),
  data: z.json(),
});

const catalogContract = contract("catalog", {
  procedures: {
    products: {
      get: query({ access: "public", input: z.object({ id: z.uuid() }), output: Product }),
      list: query({ access: "user", input: z.object({ limit: z.int().default(20) }).optional(), output: z.array(Product) }),
    },
    stock: {
      reserve: mutation({
        access: { role: "admin" },
        idempotent: true,
        input: z.object({ id: z.uuid() }),
        output: Product.pick({ id: true }),
        errors: { OUT_OF_STOCK: z.object({ available: z.int() }), CONFLICT: z.object({ version: z.int() }) },
      }),
      release: mutation({ access: "internal", input: z.object({ id: z.uuid() }) }),
      watch: subscription({ access: "public", input: z.object({ id: z.uuid() }), output: z.object({ stock: z.int() }) }),
    },
    hidden: { only: query({ access: "internal", output: z.string() }) },
    ping: query({ access: "public" }),
  },
});
const ledger = contract("ledger", { procedures: { total: query({ access: "internal", output: z.int() }) } });

type Contracts = { readonly shopFront: typeof catalogContract; readonly ledger: typeof ledger; readonly other: string };
type AppRouter = RouterOf<Contracts>;
type Product = z.output<typeof Product>;

declare const client: TRPCClient<AppRouter>;

describe("the router type of a map of contracts", () => {
  test("is what createTRPCClient takes", () => {
    expectTypeOf(createTRPCClient<AppRouter>).returns.toEqualTypeOf<TRPCClient<AppRouter>>();
    expectTypeOf(client.catalog.products.get.query).parameter(0).toEqualTypeOf<{ id: string }>();
    expectTypeOf<Awaited<ReturnType<typeof client.catalog.products.get.query>>>().toEqualTypeOf<Product>();
    expectTypeOf(client.catalog.ping.query).toBeCallableWith();
    expectTypeOf(client.catalog.products.list.query).toBeCallableWith();
    expectTypeOf<Awaited<ReturnType<typeof client.catalog.ping.query>>>().toEqualTypeOf<undefined>();
  });

  test("names contexts after their contracts and has no internal procedure, and no group or context of nothing else", () => {
    expectTypeOf<keyof AppRouter["_def"]["record"]>().toEqualTypeOf<"catalog">();
    expectTypeOf<keyof AppRouter["catalog"]>().toEqualTypeOf<"products" | "stock" | "ping">();
    expectTypeOf<keyof AppRouter["catalog"]["stock"]>().toEqualTypeOf<"reserve" | "watch">();
    // @ts-expect-error an internal procedure
    void client.catalog.stock.release;
    // @ts-expect-error a context with internal procedures only
    void client.ledger;
  });

  test("refuses inputs and methods that the contract does not have", () => {
    // @ts-expect-error the id is a string
    expectTypeOf(client.catalog.products.get.query).toBeCallableWith({ id: 1 });
    // @ts-expect-error a query has no mutate
    void client.catalog.products.get.mutate;
    // @ts-expect-error the input is required
    expectTypeOf(client.catalog.products.get.query).toBeCallableWith();
  });

  test("types declared errors and their details in safe()", async () => {
    const [data, error] = await safe(client.catalog.stock.reserve.mutate({ id: "" }));
    expectTypeOf(data).toEqualTypeOf<{ id: string } | undefined>();
    if (error?.data?.code === "OUT_OF_STOCK") expectTypeOf(error.data.details).toEqualTypeOf<{ available: number }>();
    if (error?.data?.code === "CONFLICT") expectTypeOf(error.data.details).toEqualTypeOf<{ version: number }>();
    if (error?.data?.code === "NOT_FOUND") expectTypeOf(error.data.details).toEqualTypeOf<unknown>();
    if (error?.data?.code === "BAD_REQUEST") expectTypeOf(error.data.details.issues[0]?.path).toEqualTypeOf<string | undefined>();
    if (error?.data?.code === "OVERLOADED") expectTypeOf(error.data.httpStatus).toEqualTypeOf<number>();
    // @ts-expect-error not an error of this procedure
    if (error?.data?.code === "PAYMENT_DECLINED") return;
    const [, other] = await safe(client.catalog.products.get.query({ id: "" }));
    // @ts-expect-error not an error of this procedure either
    if (other?.data?.code === "OUT_OF_STOCK") return;
    if (error === undefined) expectTypeOf(data).toEqualTypeOf<{ id: string }>();
  });

  test("types errors that were caught", () => {
    const caught: unknown = undefined;
    if (isTRPCClientError<AppRouter>(caught) && caught.data?.code === "BAD_REQUEST")
      expectTypeOf(caught.data.details.issues).toExtend<readonly { path: string }[]>();
  });

  test("gives subscriptions as streams", () => {
    const stream = client.catalog.stock.watch.subscribe({ id: "" });
    expectTypeOf(stream).toEqualTypeOf<AsyncIterableIterator<{ stock: number }>>();
    client.catalog.stock.watch.subscribe({ id: "" }, { onData: (item) => expectTypeOf(item).toEqualTypeOf<{ stock: number }>() });
  });

  test("works with the helpers of tRPC", () => {
    expectTypeOf<inferRouterInputs<AppRouter>["catalog"]["stock"]["reserve"]>().toEqualTypeOf<{ id: string }>();
    expectTypeOf<inferRouterInputs<AppRouter>["catalog"]["products"]["list"]>().toEqualTypeOf<{ limit?: number | undefined } | undefined | void>();
    expectTypeOf<inferRouterOutputs<AppRouter>["catalog"]["products"]["get"]>().toEqualTypeOf<Product>();
  });
});
