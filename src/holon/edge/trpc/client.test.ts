import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, TRPCClientError } from "@trpc/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EdgeUnderTest, openEdge, PRODUCT, type ReferenceRouter } from "../edge.testing.ts";

let server: EdgeUnderTest;
beforeAll(async () => {
  server = await openEdge();
});
afterAll(() => server.close());

describe.each([
  ["httpLink", httpLink],
  ["httpBatchLink", httpBatchLink],
  ["httpBatchStreamLink", httpBatchStreamLink],
] as const)("the official client over %s", (_name, link) => {
  const open = () => createTRPCClient<ReferenceRouter>({ links: [(link as typeof httpLink)({ url: `${server.url}/trpc` })] });

  it("queries and mutates, many at once", async () => {
    const client = open();
    const ids = Array.from({ length: 15 }, (_, index) => `id ${index} & ü`);
    expect(await Promise.all(ids.map((id) => client.catalog.get.query({ id })))).toEqual(ids.map((id) => ({ ...PRODUCT, id })));
    expect(await client.catalog.rename.mutate({ name: "ä" })).toEqual({ name: "ä" });
    expect(await client.catalog.touch.mutate()).toBe("touched");
    expect(await client.catalog.nothing.query()).toBeUndefined();
  });

  it("gets an error with our code beside four good answers", async () => {
    const client = open();
    const calls = [1, 2, 3, 4, 5].map((n) => client.catalog.get.query(n === 3 ? ({ id: 3 } as never) : { id: String(n) }));
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"]);
    const { reason } = results[2] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(TRPCClientError);
    expect(reason.data).toMatchObject({ code: "BAD_REQUEST", httpStatus: 400, path: "catalog.get", details: { issues: [{ path: "id" }] } });
  });
});
