import { randomUUID } from "node:crypto";
import { catalogueError } from "holon";
import { TOPOLOGIES, type Topology } from "holon/testing";
import postgres from "postgres";
import { expect, test } from "vitest";
import { ALFKI, startTestShop, type TestShop } from "../../shop.testing.ts";

/** Dates all reserved stock back, beyond the time that the placing of an order may take, and runs the schedule that looks for such stock. */
async function age(shop: TestShop): Promise<void> {
  const sql = postgres(shop.databaseUrl, { max: 1 });
  await sql`update catalog.reservations set created_at = now() - interval '16 minutes' where status = 'active'`;
  await sql`update catalog.holon_schedules set next_at = now()`;
  await sql.end();
  await shop
    .host("catalog")
    .work?.contexts.find(({ name }) => name === "catalog")
    ?.jobs?.tick();
}

/** Whether a run is stuck: its order was declined, and its stock could not be given back. */
async function isStuck(shop: TestShop): Promise<boolean> {
  const sql = postgres(shop.databaseUrl, { max: 1 });
  const stuck = await sql`select 1 from orders.holon_runs where state = 'stuck'`;
  await sql.end();
  return stuck.length > 0;
}

/** The stock that is left of three products. The first was reserved for no order, the second for an order whose placing is stuck; the third was sold. */
async function stocksAfterAWhile(topology: Topology): Promise<readonly number[]> {
  const shop = await startTestShop(topology);
  try {
    const products = await Promise.all(Array.from({ length: 3 }, () => shop.addProduct(5)));
    const [lost, stuck, sold] = products.map(({ id }) => [{ productId: id, quantity: 2 }]) as [Lines, Lines, Lines];
    const buyer = shop.asUser(ALFKI, "user").call.orders;
    await shop.settled(await buyer.place({ lines: sold }));
    await shop.asSystem("orders").call.catalog.stock.reserve({ orderId: randomUUID(), lines: lost });
    shop.gateway.setRules([{ outcome: "decline" }]);
    const heal = shop.fail({ on: "catalog.stock.release", error: catalogueError("INTERNAL", "Stock cannot be given back.") });
    await buyer.place({ lines: stuck });
    await shop.until(() => isStuck(shop));
    heal();
    await shop.until(async () => {
      await age(shop);
      return (await Promise.all(products.slice(0, 2).map((product) => shop.stockOf(product.id)))).every((stock) => stock === 5);
    });
    return await Promise.all(products.map((product) => shop.stockOf(product.id)));
  } finally {
    await shop.close();
  }
}

type Lines = { productId: string; quantity: number }[];

// Most of the time these tests wait for a step that is retried.
test.concurrent.each(TOPOLOGIES)("stock comes back if its order is never placed, and sold stock stays sold, %s", async (topology) => {
  expect(await stocksAfterAWhile(topology)).toEqual([5, 5, 3]);
});
