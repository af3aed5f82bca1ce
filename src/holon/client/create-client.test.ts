import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { type catalog, startServer, type TestServer } from "./client.testing.ts";
import { type CallContext, createClient, isHolonCode, isTRPCClientError, safe } from "./index.ts";

type Contracts = { readonly catalog: typeof catalog };

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const client = (options: Partial<Parameters<typeof createClient>[0]> = {}) =>
  createClient<Contracts>({ url: server.url, random: () => 0, ...options });
const headersOf = (index: number) => server.requests[index]?.headers ?? {};

describe("a client", () => {
  test("sends the calls of one tick as one batch, or as batches of 20", async () => {
    const one = client();
    const answers = await Promise.all(Array.from({ length: 25 }, (_, id) => one.catalog.products.get.query({ id: String(id) })));
    expect(answers.map((answer) => answer.id)).toEqual(Array.from({ length: 25 }, (_, id) => String(id)));
    expect(server.requests.map((request) => new URL(request.url ?? "", server.url).pathname.split(",").length).sort()).toEqual([20, 5]);
  });

  test("keeps addresses under 8 000 characters", async () => {
    const one = client();
    await Promise.all(Array.from({ length: 3 }, () => one.catalog.products.get.query({ id: "x".repeat(3_000) })));
    expect(server.requests).toHaveLength(2);
    expect(Math.max(...server.requests.map((request) => request.url?.length ?? 0))).toBeLessThan(8_000);
  });

  test.each([false, true, "stream"] as const)("returns the answers with batch: %s", async (batch) => {
    const { products, stock } = client({ batch }).catalog;
    expect(await Promise.all([products.get.query({ id: "a" }), stock.reserve.mutate({ id: "b" })])).toEqual([
      { id: "a", token: "none" },
      { id: "b" },
    ]);
  });

  test("asks for the token and the headers before each request", async () => {
    let count = 0;
    const one = client({ token: async () => `t${++count}`, headers: () => ({ "x-page": "1", "x-none": undefined }) });
    expect((await one.catalog.products.get.query({ id: "a" })).token).toBe("Bearer t1");
    expect((await one.catalog.products.get.query({ id: "a" })).token).toBe("Bearer t2");
    expect(headersOf(0)).toMatchObject({ "x-page": "1" });
  });

  test("sends keys and deadlines of a batch by position", async () => {
    const { reserve } = client().catalog.stock;
    const keyed: CallContext = { idempotencyKey: "a,b ä", deadlineMs: 500 };
    await Promise.all([reserve.mutate({ id: "1" }), reserve.mutate({ id: "2" }, { context: { ...keyed } }), reserve.mutate({ id: "3" })]);
    expect(headersOf(0)).toMatchObject({ "idempotency-key": ",a%2Cb%20%C3%A4,", "holon-deadline-ms": ",500," });
  });

  test("sends no such headers if no call has a key or deadline", async () => {
    await client({ batch: false }).catalog.stock.reserve.mutate({ id: "1" });
    expect(headersOf(0)).not.toHaveProperty("idempotency-key");
    await client({ batch: false }).catalog.stock.reserve.mutate({ id: "1" }, { context: { idempotencyKey: "k" } });
    expect(headersOf(1)).toMatchObject({ "idempotency-key": "k" });
  });

  test.each([{ idempotencyKey: 7 }, { idempotencyKey: "" }, { deadlineMs: 0.5 }, { deadlineMs: -1 }])(
    "refuses the context %j and sends nothing",
    async (context) => {
      const call = client().catalog.stock.reserve.mutate({ id: "1" }, { context });
      await expect(call).rejects.toThrow(/context\./);
      expect(server.requests).toHaveLength(0);
    },
  );

  test("gives declared errors with their details", async () => {
    const [data, error] = await safe(client().catalog.stock.reserve.mutate({ id: "gone" }));
    expect(data).toBeUndefined();
    expect(error?.data?.code === "OUT_OF_STOCK" ? error.data.details.available : undefined).toBe(2);
  });

  test("stops a call whose signal is aborted", async () => {
    const call = client().catalog.products.get.query({ id: "a" }, { signal: AbortSignal.abort() });
    await expect(call).rejects.toSatisfy(isTRPCClientError);
  });
});

describe("a subscription", () => {
  test("gives items until the end, and sends the token as a header", async () => {
    const items: unknown[] = [];
    for await (const item of client({ token: "abc" }).catalog.stock.watch.subscribe()) items.push(item);
    expect(items).toEqual([{ stock: "Bearer abc".length }, { stock: 2 }]);
    expect(server.requests[0]?.url).not.toContain("abc");
  });

  test("ends with a typed error", async () => {
    const stream = client().catalog.stock.watch.subscribe({ id: "gone" });
    const caught = await stream.next().catch((error: unknown) => error);
    expect(isHolonCode(caught, "NOT_FOUND")).toBe(true);
  });

  test("is refused with the answer of the server", async () => {
    const stream = createClient<{ other: typeof catalog }>({ url: `${server.url}/nowhere` }).catalog.stock.watch.subscribe();
    await expect(stream.next()).rejects.toMatchObject({ message: expect.stringContaining("No procedure found") });
  });

  test("resumes after its last item when the connection is cut", async () => {
    const stream = client().catalog.stock.positions.subscribe();
    expect([await stream.next(), await stream.next()].map(({ value }) => value.data)).toEqual([1, 2]);
    server.cut();
    expect([await stream.next(), await stream.next()].map(({ value }) => value.data)).toEqual([3, 4]);
    expect(headersOf(1)).toMatchObject({ "last-event-id": "2" });
    await stream.return?.();
  });
});

describe("isHolonCode", () => {
  test("types the details", async () => {
    const [, error] = await safe(client().catalog.stock.reserve.mutate({ id: "gone" }));
    const available = isHolonCode(error, "OUT_OF_STOCK") ? error.data.details.available : undefined;
    expectTypeOf(available).toEqualTypeOf<number | undefined>();
    expect(available).toBe(2);
    // @ts-expect-error not a code of this procedure
    expect(isHolonCode(error, "PAYMENT_DECLINED")).toBe(false);
  });

  test("accepts any caught value", () => {
    const caught: unknown = new Error("other");
    expect(isHolonCode(caught, "NOT_FOUND")).toBe(false);
    expect(isHolonCode(undefined, "NOT_FOUND")).toBe(false);
  });
});
