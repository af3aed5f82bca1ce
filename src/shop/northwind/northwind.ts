import { readFile } from "node:fs/promises";
import { z } from "zod";
import { SHOP_NAMESPACE } from "../shop-namespace.ts";
import { uuidV5 } from "../uuid-v5.ts";

const Northwind = z.object({
  products: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      category: z.string(),
      quantityPerUnit: z.string(),
      priceCents: z.int(),
      unitsInStock: z.int(),
      discontinued: z.boolean(),
    }),
  ),
  customers: z.array(z.object({ id: z.string(), company: z.string(), contact: z.string(), city: z.string(), country: z.string() })),
  orders: z.array(
    z.object({
      id: z.int(),
      customerId: z.string(),
      orderedOn: z.iso.date(),
      lines: z.array(z.object({ productId: z.int(), quantity: z.int() })),
    }),
  ),
});

/** The Northwind sample data: 77 products, 91 customers, 830 orders of 2 155 lines. Prices in cents. */
export type Northwind = z.output<typeof Northwind>;

/** Reads `data/northwind.json`. Errors: a ZodError if the file has another format. */
export async function readNorthwind(file: URL = new URL("../../../data/northwind.json", import.meta.url)): Promise<Northwind> {
  return Northwind.parse(JSON.parse(await readFile(file, "utf8")));
}

/** The shop's id of a Northwind product. */
export const productIdOf = (northwindId: number): string => uuidV5(SHOP_NAMESPACE, `northwind/product/${northwindId}`);

/** The shop's id of a Northwind customer. */
export const customerIdOf = (northwindId: string): string => uuidV5(SHOP_NAMESPACE, `northwind/customer/${northwindId}`);
