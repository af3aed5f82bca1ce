import { catalogueError } from "holon";
import { TOPOLOGIES } from "holon/testing";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Product } from "#contracts/catalog";
import type { Order } from "#contracts/orders";
import { ALFKI, ANATR, refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";

describe.each(TOPOLOGIES)("the details of an order, %s", (topology) => {
  let shop: TestShop;
  let order: Order;
  let products: Product[];
  beforeAll(async () => {
    // Only the time limit of the details ends the wait for the catalog.
    shop = await startTestShop(topology, { limits: { lockTimeoutMs: 30_000 } });
    products = await Promise.all(Array.from({ length: 12 }, () => shop.addProduct(5)));
    const lines = products.map(({ id: productId }) => ({ productId, quantity: 1 }));
    order = await shop.settled(await shop.asUser(ALFKI, "user").call.orders.place({ lines }));
    products = await Promise.all(order.lines.map(({ productId }) => shop.asAnonymous().call.catalog.products.get({ id: productId })));
  });
  afterAll(() => shop.close());

  const faults: (() => void)[] = [];
  const away = (on: string, times?: number) =>
    faults.push(shop.fail({ on, ...(times === undefined ? {} : { times }), error: catalogueError("UNAVAILABLE", "The process went away.") }));
  afterEach(() => {
    for (const lift of faults.splice(0)) lift();
  });
  const details = (customerId = ALFKI) => shop.asUser(customerId, "user").call.orders.details({ id: order.id });

  test("hold its buyer and its products, for the buyer and for admins", async () => {
    const found = await details();
    expect(found).toMatchObject({ order, buyer: { id: ALFKI, company: "Alfreds Futterkiste" }, missing: [] });
    expect(found.products).toEqual(products);
    expect(await shop.admin.call.orders.details({ id: order.id })).toEqual(found);
  });

  test("are not found by other customers", async () => {
    expect(await refusalOf(details(ANATR))).toMatchObject({ code: "NOT_FOUND" });
  });

  test("report the buyer as missing if users are away", async () => {
    away("users.get");
    expect(await details()).toEqual({ order, buyer: null, products, missing: ["buyer"] });
  });

  test("report the products as missing if the catalog is away, even for one of them", async () => {
    away("catalog.products.get", 1);
    const found = await details();
    expect([found.products.length, found.missing]).toEqual([11, ["products"]]);
    away("catalog.products.get");
    expect(await details()).toMatchObject({ order, buyer: { id: ALFKI }, products: [], missing: ["products"] });
  });

  test("are answered in time although the catalog hangs", async () => {
    const sql = postgres(shop.databaseUrl, { max: 1 });
    try {
      await sql.begin(async (tx) => {
        await tx`lock table catalog.products in access exclusive mode`;
        expect(await details()).toMatchObject({ order, buyer: { id: ALFKI }, products: [], missing: ["products"] });
      });
    } finally {
      await sql.end();
    }
  });

  test("contain only the order if both are away", async () => {
    away("users");
    away("catalog");
    expect(await details()).toEqual({ order, buyer: null, products: [], missing: ["buyer", "products"] });
  });

  test("leave out a product that is not sold any more, and report nothing as missing", async () => {
    const [first, ...others] = products as [Product, ...Product[]];
    await shop.admin.call.catalog.products.remove({ id: first.id, version: first.version });
    expect(await details()).toMatchObject({ products: others, missing: [] });
  });
});
