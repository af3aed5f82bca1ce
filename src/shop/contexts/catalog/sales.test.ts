import { randomUUID } from "node:crypto";
import { catalogueError } from "holon";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Order } from "#contracts/orders";
import { ALFKI, startTestShop, type TestShop } from "../../shop.testing.ts";

describe.each(TOPOLOGIES)("the read model of sales, %s", (topology) => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await startTestShop(topology);
  });
  afterAll(() => shop.close());

  const sales = () => shop.admin.call.catalog.sales;
  const place = async (productId: string, quantity: number): Promise<Order> =>
    shop.settled(await shop.asUser(ALFKI, "user").call.orders.place({ lines: [{ productId, quantity }] }, { key: randomUUID() }));
  const cancel = async (order: Order): Promise<void> => {
    await shop.admin.call.orders.cancel({ id: order.id });
    await shop.settled(order);
  };
  const soldOf = async (productId: string) => (await sales().get({})).products.find((product) => product.productId === productId);
  const isInStep = async () => {
    const { totals, isRebuilding } = await sales().get({});
    const { orders, lines, units, cents } = await shop.admin.call.orders.totals({});
    return !isRebuilding && JSON.stringify(totals) === JSON.stringify({ orders, lines, units, cents });
  };

  test("follows the orders that are confirmed and cancelled", async () => {
    const product = await shop.addProduct(50);
    const [kept, dropped] = [await place(product.id, 3), await place(product.id, 4)];
    expect([kept.status, dropped.status]).toEqual(["confirmed", "confirmed"]);
    await shop.until(async () => (await soldOf(product.id))?.units === 7);
    await cancel(dropped);
    await shop.until(async () => (await soldOf(product.id))?.units === 3);
    expect(await soldOf(product.id)).toMatchObject({ name: product.name, category: "Beverages", lines: 1, cents: 3_000 });
    await shop.until(isInStep);
  });

  test("has the right totals after it is rebuilt, while orders are confirmed and cancelled", async () => {
    const product = await shop.addProduct(500);
    const goOn = async (): Promise<void> => {
      for (let round = 0; round < 5; round++) {
        const order = await place(product.id, 1);
        if (round % 2 === 0) await cancel(order);
      }
    };
    const rebuild = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) await sales().rebuild();
    };
    await Promise.all([goOn(), goOn(), goOn(), rebuild()]);
    await shop.until(isInStep);
    expect(await soldOf(product.id)).toMatchObject({ units: 6, lines: 6 });
  });

  test("takes events while it is rebuilt, and keeps the later of two states of an order", async () => {
    const product = await shop.addProduct(5);
    // The pages of the orders context fail, so the only page is the one that the test sends.
    const heal = shop.fail({ on: "catalog.sales.take", error: catalogueError("UNAVAILABLE", "The process went away.") });
    const { rebuild } = await sales().rebuild();
    const order = await place(product.id, 2);
    await shop.until(async () => (await soldOf(product.id))?.units === 2);
    heal();
    const early = { orderId: order.id, version: 1, lines: [{ productId: product.id, name: product.name, quantity: 99, unitPriceCents: 1 }] };
    await shop.asSystem("orders").call.catalog.sales.take({ rebuild, sales: [early], isLast: true });
    expect(await soldOf(product.id)).toMatchObject({ units: 2 });
    await sales().rebuild();
    await shop.until(isInStep);
  });

  test("refuses pages of a rebuild that a later one has replaced", async () => {
    const stranger = shop.asSystem("orders").call.catalog.sales;
    const [first, second] = [await sales().rebuild(), await sales().rebuild()];
    expect(second.rebuild).toBeGreaterThan(first.rebuild);
    expect(await stranger.take({ rebuild: first.rebuild, sales: [], isLast: true })).toEqual({ wanted: false });
    await shop.until(isInStep);
  });
});
