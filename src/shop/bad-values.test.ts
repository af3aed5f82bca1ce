import { randomUUID } from "node:crypto";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALFKI, FIRST_ADMIN, startTestShop, type TestShop } from "./shop.testing.ts";

const id = randomUUID();
const line = { productId: id, quantity: 1 };
const product = { name: "Thing", category: "Beverages", quantityPerUnit: "1", priceCents: 1, discontinued: false };
const account = { email: "a@b.test", password: "12345678", name: "Ada" };
const lines = (count: number) => Array.from({ length: count }, () => ({ productId: randomUUID(), quantity: 1 }));

/** Every row: path, kind, bad input as JSON text, and the field that the answer names. */
const BAD: readonly (readonly [path: string, kind: "query" | "mutation", body: string, field: string])[] = [
  ...["0", "-1", "10001", "1e400", "1.5", "null", '"1"', "1e9"].map(
    (quantity) => ["orders.place", "mutation", `{"lines":[{"productId":"${id}","quantity":${quantity}}]}`, "quantity"] as const,
  ),
  ["orders.place", "mutation", JSON.stringify({ lines: [] }), "lines"],
  ["orders.place", "mutation", JSON.stringify({ lines: lines(101) }), "lines"],
  ["orders.place", "mutation", JSON.stringify({ lines: [line, line] }), "lines"],
  ["orders.place", "mutation", JSON.stringify({ lines: [{ ...line, productId: "1 or 1=1" }] }), "productId"],
  ["orders.place", "mutation", "{}", "lines"],
  ...["1996-02-30", "yesterday", "1996-7-4", ""].map(
    (orderedOn) => ["orders.placeFor", "mutation", JSON.stringify({ customerId: id, orderedOn, lines: [line] }), "orderedOn"] as const,
  ),
  ["orders.changeStatus", "mutation", JSON.stringify({ id, version: 1, status: "cancelled" }), "status"],
  ["orders.changeStatus", "mutation", JSON.stringify({ id, version: 0, status: "shipped" }), "version"],
  ["orders.list", "query", JSON.stringify({ from: "1996-13-01" }), "from"],
  ...[-1, 0, 101, 1e9, 1.5].map((limit) => ["catalog.products.list", "query", JSON.stringify({ limit }), "limit"] as const),
  ...[-1, 0, 1e9].map((page) => ["catalog.products.list", "query", JSON.stringify({ page }), "page"] as const),
  ["catalog.products.list", "query", JSON.stringify({ sort: "price_cents; drop table products" }), "sort"],
  ["catalog.products.list", "query", JSON.stringify({ minPriceCents: -1 }), "minPriceCents"],
  ["catalog.products.list", "query", JSON.stringify({ search: " " }), "search"],
  ["catalog.products.list", "query", JSON.stringify({ search: "x".repeat(101) }), "search"],
  ["catalog.products.get", "query", JSON.stringify({ id: "../etc/passwd" }), "id"],
  ...[0, -1, 10_000_001, 1.5].map(
    (priceCents) => ["catalog.products.create", "mutation", JSON.stringify({ ...product, priceCents }), "priceCents"] as const,
  ),
  ["catalog.products.create", "mutation", JSON.stringify({ ...product, name: "a\u0000b" }), "name"],
  ["catalog.products.create", "mutation", JSON.stringify({ ...product, name: "   " }), "name"],
  ["users.signUp", "mutation", JSON.stringify({ ...account, email: "nobody" }), "email"],
  ["users.signUp", "mutation", JSON.stringify({ ...account, email: `${"a".repeat(260)}@b.test` }), "email"],
  ["users.signUp", "mutation", JSON.stringify({ ...account, password: "1234567" }), "password"],
  ["users.signUp", "mutation", JSON.stringify({ ...account, password: "x".repeat(129) }), "password"],
  ["users.signUp", "mutation", JSON.stringify({ ...account, name: { $ne: null } }), "name"],
];

describe.each(TOPOLOGIES)("bad values, %s", (topology) => {
  let shop: TestShop;
  let authorization: string;
  beforeAll(async () => {
    shop = await startTestShop(topology);
    authorization = `Bearer ${(await shop.asAnonymous().call.users.signIn(FIRST_ADMIN)).token}`;
  });
  afterAll(() => shop.close());

  const send = (path: string, kind: "query" | "mutation", body: string, headers: Record<string, string> = { authorization }): Promise<Response> =>
    kind === "query"
      ? fetch(`${shop.url}/trpc/${path}?input=${encodeURIComponent(body)}`, { headers })
      : fetch(`${shop.url}/trpc/${path}`, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body });

  test.each(BAD)("%s (%s) refuses %s and names %s", async (path, kind, body, field) => {
    const response = await send(path, kind, body);
    const text = await response.text();
    expect(response.status, text).toBe(400);
    expect(text).toContain(field);
    expect(text.length).toBeLessThan(16 * 1024);
    expect(text).not.toMatch(/select|insert|\.ts|node_modules/i);
  });

  test("write nothing, and leave the next order fine", async () => {
    const before = await shop.admin.call.orders.totals({});
    for (const [path, kind, body] of BAD) await send(path, kind, body);
    expect(await shop.admin.call.orders.totals({})).toEqual(before);
    const { id: productId } = await shop.addProduct(1);
    expect(await shop.asUser(ALFKI, "user").call.orders.place({ lines: [{ productId, quantity: 1 }] })).toMatchObject({ status: "pending" });
  });

  describe("of a token", () => {
    const own = { id: ALFKI };
    test.each([
      ["that is missing", {}],
      ["that is no token", { authorization: "Bearer abc" }],
      ["of another scheme", { authorization: "Basic YTpi" }],
      [
        "that is not signed",
        { authorization: `Bearer ${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"sub":"x"}').toString("base64url")}.` },
      ],
    ])("answer 401: one %s", async (_, headers) => {
      const response = await send("users.get", "query", JSON.stringify(own), headers as Record<string, string>);
      expect(response.status).toBe(401);
    });

    test("do not matter where the token is good", async () => {
      expect((await send("users.get", "query", JSON.stringify(own))).status).toBe(200);
    });
  });
});
