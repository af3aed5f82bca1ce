import { randomUUID } from "node:crypto";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Product } from "#contracts/catalog";
import { productIdOf } from "../../northwind/northwind.ts";
import { ALFKI, refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";

describe.each(TOPOLOGIES)("the catalog, %s", (topology) => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await startTestShop(topology);
  });
  afterAll(() => shop.close());

  const anybody = () => shop.asAnonymous().call.catalog;
  const admin = () => shop.admin.call.catalog;

  describe("holds products", () => {
    test("of Northwind, for every visitor", async () => {
      expect(await anybody().products.get({ id: productIdOf(11) })).toMatchObject({
        name: "Queso Cabrales",
        category: "Dairy Products",
        priceCents: 2_100,
      });
      expect((await anybody().products.list({ limit: 1 })).total).toBeGreaterThanOrEqual(77);
    });

    test("in eight categories", async () => {
      const { items } = await anybody().categories.list();
      expect(items).toHaveLength(8);
      expect(items.find(({ name }) => name === "Meat/Poultry")).toEqual({ name: "Meat/Poultry", products: 6 });
    });

    test("sorted by price, both ways", async () => {
      const prices = async (sort: "price_asc" | "price_desc") =>
        (await anybody().products.list({ sort, limit: 100 })).items.map((product) => product.priceCents);
      const rising = await prices("price_asc");
      expect(rising).toEqual([...rising].sort((a, b) => a - b));
      expect(await prices("price_desc")).toEqual([...rising].reverse());
    });

    test.each([
      ["category", { category: "Produce" }, (product: Product) => product.category === "Produce"],
      ["text", { search: "CHEF" }, (product: Product) => /chef/i.test(product.name)],
      ["least price", { minPriceCents: 5_000 }, (product: Product) => product.priceCents >= 5_000],
      ["greatest price", { maxPriceCents: 700 }, (product: Product) => product.priceCents <= 700],
      ["discontinued or not", { discontinued: true }, (product: Product) => product.discontinued],
    ])("filtered by %s", async (_, filter, fits) => {
      const all = (await anybody().products.list({ limit: 100 })).items;
      const { items, total } = await anybody().products.list({ ...filter, limit: 100 });
      expect(items.map(({ id }) => id)).toEqual(all.filter(fits).map(({ id }) => id));
      expect(total).toBe(items.length);
    });

    test("a page at a time, each product once", async () => {
      const page = async (number: number) => (await anybody().products.list({ page: number, limit: 30, category: "Confections" })).items;
      expect(new Set([...(await page(1)), ...(await page(2))].map(({ id }) => id)).size).toBe(13);
    });

    test("and matches a percent sign in a search literally", async () => {
      expect((await anybody().products.list({ search: "%" })).total).toBe(0);
    });
  });

  describe("is edited", () => {
    test("by version: an edit of an older version gets CONFLICT with the current one", async () => {
      const { id, version } = await shop.addProduct(1);
      const edited = await admin().products.patch({ id, version, priceCents: 1_100 });
      expect(edited).toMatchObject({ priceCents: 1_100, version: version + 1 });
      expect(await refusalOf(admin().products.patch({ id, version, priceCents: 1_200 }))).toEqual({
        code: "CONFLICT",
        details: { version: version + 1 },
      });
      expect(await refusalOf(admin().products.remove({ id, version }))).toEqual({ code: "CONFLICT", details: { version: version + 1 } });
    });

    test("once for ten edits of the same version at once", async () => {
      const { id, version } = await shop.addProduct(1);
      const edits = await Promise.all(
        Array.from({ length: 10 }, (_, index) => refusalOf(admin().products.patch({ id, version, priceCents: 2_000 + index }))),
      );
      expect(edits.map(({ code }) => code).sort()).toEqual([...Array.from({ length: 9 }, () => "CONFLICT"), "OK"]);
    });

    test("whole", async () => {
      const { id, version } = await shop.addProduct(1);
      const facts = { name: "Other", category: "Produce", quantityPerUnit: "2 boxes", priceCents: 1, discontinued: true };
      expect(await admin().products.update({ id, version, ...facts })).toMatchObject({ ...facts, stock: 1 });
    });

    test("while a change of stock leaves the version unchanged", async () => {
      const { id, version } = await shop.addProduct(1);
      await admin().stock.restock({ lines: [{ productId: id, quantity: 4 }] });
      expect(await anybody().products.get({ id })).toMatchObject({ stock: 5, version });
    });

    test("until a product is removed", async () => {
      const { id, version } = await shop.addProduct(1);
      await admin().products.remove({ id, version });
      expect(await refusalOf(anybody().products.get({ id }))).toMatchObject({ code: "NOT_FOUND" });
      expect(await refusalOf(admin().products.remove({ id, version }))).toMatchObject({ code: "NOT_FOUND" });
    });

    test("only in categories that exist", async () => {
      const { id, version } = await shop.addProduct(1);
      expect(await refusalOf(admin().products.patch({ id, version, category: "Toys" }))).toEqual({
        code: "UNKNOWN_CATEGORY",
        details: { category: "Toys" },
      });
      const name = `Toys ${randomUUID()}`;
      await admin().categories.create({ name });
      expect(await admin().products.patch({ id, version, category: name })).toMatchObject({ category: name });
      expect(await refusalOf(admin().categories.create({ name }))).toMatchObject({ code: "CONFLICT" });
    });

    test("once for each idempotency key", async () => {
      const key = randomUUID();
      const facts = { name: `Thing ${key}`, category: "Produce", quantityPerUnit: "1", priceCents: 5, discontinued: false };
      const [first, second] = [await admin().products.create(facts, { key }), await admin().products.create(facts, { key })];
      expect(second).toEqual(first);
    });

    test("by admins only", async () => {
      const { id, version } = await shop.addProduct(1);
      expect(await refusalOf(shop.asUser(ALFKI, "user").call.catalog.products.remove({ id, version }))).toMatchObject({ code: "FORBIDDEN" });
      expect(await refusalOf(anybody().products.remove({ id, version }))).toMatchObject({ code: "UNAUTHORIZED" });
    });
  });

  describe("sets stock aside", () => {
    const stock = () => shop.asSystem("orders").call.catalog.stock;
    let orderId: string;
    beforeEach(() => {
      orderId = randomUUID();
    });

    test("for all lines of an order or for none", async () => {
      const [plenty, scarce] = [await shop.addProduct(10), await shop.addProduct(1)];
      const lines = [
        { productId: plenty.id, quantity: 3 },
        { productId: scarce.id, quantity: 2 },
      ];
      expect(await refusalOf(stock().reserve({ orderId, lines }))).toEqual({
        code: "OUT_OF_STOCK",
        details: { productId: scarce.id, available: 1 },
      });
      expect(await shop.stockOf(plenty.id)).toBe(10);
    });

    test("once an order", async () => {
      const product = await shop.addProduct(10);
      const lines = [{ productId: product.id, quantity: 3 }];
      const first = await stock().reserve({ orderId, lines });
      expect(await stock().reserve({ orderId, lines })).toEqual(first);
      expect(await shop.stockOf(product.id)).toBe(7);
    });

    test("and not for other lines of the same order", async () => {
      const product = await shop.addProduct(10);
      await stock().reserve({ orderId, lines: [{ productId: product.id, quantity: 3 }] });
      expect(await refusalOf(stock().reserve({ orderId, lines: [{ productId: product.id, quantity: 4 }] }))).toMatchObject({ code: "CONFLICT" });
    });

    test("at the price of the first reservation", async () => {
      const { id, version } = await shop.addProduct(10);
      const lines = [{ productId: id, quantity: 3 }];
      await stock().reserve({ orderId, lines });
      await admin().products.patch({ id, version, priceCents: 1 });
      expect((await stock().reserve({ orderId, lines })).lines).toMatchObject([{ unitPriceCents: 1_000 }]);
    });

    test("and gives it back once", async () => {
      const product = await shop.addProduct(10);
      await stock().reserve({ orderId, lines: [{ productId: product.id, quantity: 3 }] });
      const released = await Promise.all([stock().release({ orderId }), stock().release({ orderId })]);
      expect(released.filter((each) => each.released)).toHaveLength(1);
      expect(await shop.stockOf(product.id)).toBe(10);
    });

    test.each([
      ["released before it was reserved", false],
      ["reserved and released", true],
    ])("but not for an order whose stock was %s", async (_, isReserved) => {
      const product = await shop.addProduct(10);
      const lines = [{ productId: product.id, quantity: 3 }];
      if (isReserved) await stock().reserve({ orderId, lines });
      expect(await stock().release({ orderId })).toEqual({ released: isReserved });
      expect(await refusalOf(stock().reserve({ orderId, lines }))).toMatchObject({ code: "CONFLICT" });
      expect(await shop.stockOf(product.id)).toBe(10);
    });

    test("for orders at once that name the same products in different sequences", async () => {
      const [one, other] = [await shop.addProduct(100), await shop.addProduct(100)];
      const lines = [
        { productId: one.id, quantity: 1 },
        { productId: other.id, quantity: 1 },
      ];
      const reserve = (index: number) => stock().reserve({ orderId: randomUUID(), lines: index % 2 === 0 ? lines : [...lines].reverse() });
      await Promise.all(Array.from({ length: 20 }, (_, index) => reserve(index)));
      expect([await shop.stockOf(one.id), await shop.stockOf(other.id)]).toEqual([80, 80]);
    });

    test("for other contexts only", async () => {
      const response = await fetch(`${shop.url}/trpc/catalog.stock.release`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ orderId }),
      });
      expect(response.status).toBe(404);
    });
  });
});
