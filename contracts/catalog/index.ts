import { contract, mutation, query } from "holon/contract";
import { z } from "zod";
import { pageFields, pageOf } from "../page.ts";
import { Cents, Moment, Quantity, text, Version } from "../values.ts";

const facts = {
  name: text(100),
  category: text(50),
  quantityPerUnit: text(100),
  priceCents: Cents,
  discontinued: z.boolean(),
};

/** Something that is sold. `version` counts edits of its facts; stock moves without it. A discontinued product is sold while there is stock. */
export const Product = z.object({ id: z.uuid(), ...facts, stock: z.int().min(0), version: Version, createdAt: Moment });

export type Product = z.output<typeof Product>;

/** How a list of products may be sorted. */
export const ProductSort = z.enum(["name_asc", "name_desc", "price_asc", "price_desc"]);

/** So many of one product. */
export const Line = z.object({ productId: z.uuid(), quantity: Quantity });

/** 1 to 100 lines, each of another product. */
export const Lines = z
  .array(Line)
  .min(1)
  .max(100)
  .refine((lines) => new Set(lines.map((line) => line.productId)).size === lines.length, "each product may be named once");

/** A line whose product is set aside for an order, at the price that the catalog had then. */
export const ReservedLine = z.object({ ...Line.shape, name: z.string(), unitPriceCents: Cents });

/** Stock that is set aside for an order. */
export const Reservation = z.object({ orderId: z.uuid(), lines: z.array(ReservedLine) });

/** Details of OUT_OF_STOCK: the first line that there is not enough of. */
export const OutOfStock = z.object({ productId: z.uuid(), available: z.int().min(0) });

/** Details of UNKNOWN_PRODUCT. */
export const UnknownProduct = z.object({ productId: z.uuid() });

const UnknownCategory = z.object({ category: z.string() });
const CategoryCount = z.object({ name: z.string(), products: z.int() });
const admin = { role: "admin" } as const;

/** What the catalog context promises: products, their categories, and their stock. */
export const catalog = contract("catalog", {
  procedures: {
    products: {
      get: query({
        access: "public",
        input: z.object({ id: z.uuid() }),
        output: Product,
        rest: "GET /products/{id}",
        description: "One product.",
      }),
      list: query({
        access: "public",
        input: z.object({
          category: text(50).optional(),
          search: text(100).optional(),
          minPriceCents: z.int().min(0).max(10_000_000).optional(),
          maxPriceCents: z.int().min(0).max(10_000_000).optional(),
          discontinued: z.boolean().optional(),
          sort: ProductSort.default("name_asc"),
          ...pageFields,
        }),
        output: pageOf(Product),
        rest: "GET /products",
        description: "Products, filtered and sorted, a page at a time; `search` looks in the name.",
      }),
      create: mutation({
        access: admin,
        idempotent: true,
        input: z.object({ ...facts, stock: z.int().min(0).max(1_000_000).default(0) }),
        output: Product,
        errors: { UNKNOWN_CATEGORY: UnknownCategory },
        rest: "POST /products",
        description: "Adds a product.",
      }),
      update: mutation({
        access: admin,
        input: z.object({ id: z.uuid(), version: Version, ...facts }),
        output: Product,
        errors: { UNKNOWN_CATEGORY: UnknownCategory },
        rest: "PUT /products/{id}",
        description: "Replaces all facts of a product.",
      }),
      patch: mutation({
        access: admin,
        input: z.object({ id: z.uuid(), version: Version, ...z.object(facts).partial().shape }),
        output: Product,
        errors: { UNKNOWN_CATEGORY: UnknownCategory },
        rest: "PATCH /products/{id}",
        description: "Replaces the facts that are named.",
      }),
      remove: mutation({
        access: admin,
        input: z.object({ id: z.uuid(), version: Version }),
        rest: "DELETE /products/{id}",
        description: "Takes a product out of the catalog. Orders of it stay.",
      }),
    },
    categories: {
      list: query({
        access: "public",
        output: z.object({ items: z.array(CategoryCount) }),
        rest: "GET /categories",
        description: "All categories by name, with the number of their products.",
      }),
      create: mutation({
        access: admin,
        input: z.object({ name: text(50) }),
        output: CategoryCount,
        rest: "POST /categories",
        description: "Adds a category. A name that is taken answers CONFLICT.",
      }),
    },
    stock: {
      reserve: mutation({
        access: "internal",
        idempotent: true,
        input: z.object({ orderId: z.uuid(), attempt: z.uuid(), lines: Lines }),
        output: Reservation,
        errors: { OUT_OF_STOCK: OutOfStock, UNKNOWN_PRODUCT: UnknownProduct },
        description:
          "Takes all lines of an order from the stock, or none. The same lines again answer the reservation that is there and hand it to the new attempt. An attempt that was released is refused with CONFLICT, so that it cannot reserve late.",
      }),
      release: mutation({
        access: "internal",
        idempotent: true,
        input: z.object({ orderId: z.uuid(), attempt: z.uuid() }),
        output: z.object({ released: z.boolean() }),
        description: "Gives back what an attempt reserved, once. Nothing happens where a later attempt holds the reservation, or nobody.",
      }),
      restock: mutation({
        access: admin,
        idempotent: true,
        input: z.object({ lines: Lines }),
        output: z.object({ products: z.int() }),
        errors: { UNKNOWN_PRODUCT: UnknownProduct },
        rest: "POST /restocks",
        description: "Adds to the stock of products.",
      }),
    },
  },
});
