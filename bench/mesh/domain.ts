import { z } from "zod";

const TAGS = ["new", "sale", "eco", "home", "garden", "sport", "kids", "tech", "book", "food"] as const;
const COUNT = 1024;

/** The schemas and rows that every contender serves. The contenders in `bench/peers` get them as a parameter. */
export const Product = z.object({
  id: z.number(),
  sku: z.string(),
  name: z.string(),
  price: z.number(),
  currency: z.string(),
  tags: z.array(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
  stock: z.number(),
  active: z.boolean(),
});

/** The input that identifies one product. */
export const GetInput = z.object({ id: z.number() });

const products = Array.from({ length: COUNT }, (_, i) => ({
  id: i,
  sku: `SKU-${String(i).padStart(8, "0")}`,
  name: `Product number ${i} of the catalog`,
  price: Math.round((i * 7919) % 100_000) / 100,
  currency: "EUR",
  tags: [0, 1, 2, 3, 4].map((k) => TAGS[(i + k) % TAGS.length] as string),
  createdAt: new Date(1.7e12 + i * 1e7).toISOString(),
  updatedAt: new Date(1.75e12 + i * 1e7).toISOString(),
  stock: (i * 31) % 500,
  active: true,
}));

/** Returns a new object each time, as a row of a database would be. It has about 250 bytes as JSON. */
export function findProduct(id: number): z.output<typeof Product> {
  const p = products[id & (COUNT - 1)] as (typeof products)[number];
  return {
    id: p.id,
    sku: p.sku,
    name: p.name,
    price: p.price,
    currency: p.currency,
    tags: p.tags,
    createdAt: p.createdAt,
    updatedAt: p.updatedAt,
    stock: p.stock,
    active: p.active,
  };
}
