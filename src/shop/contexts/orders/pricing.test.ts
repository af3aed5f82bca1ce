import { expect, test } from "vitest";
import { readNorthwind } from "../../northwind/northwind.ts";
import { totalCentsOf } from "./pricing.ts";

test("the total of an order adds up quantity times price", () => {
  expect(
    totalCentsOf([
      { quantity: 3, unitPriceCents: 250 },
      { quantity: 1, unitPriceCents: 26_350 },
    ]),
  ).toBe(27_100);
});

test("the totals of all orders of the data come to the known total", async () => {
  const { orders, products } = await readNorthwind();
  const prices = new Map(products.map((product) => [product.id, product.priceCents]));
  const lines = orders
    .flatMap((order) => order.lines)
    .map(({ productId, quantity }) => ({ quantity, unitPriceCents: prices.get(productId) ?? Number.NaN }));
  expect(totalCentsOf(lines)).toBe(144_906_231);
});
