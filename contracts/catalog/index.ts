import { contract, cursor, event, mutation, query } from "holon/contract";
import { z } from "zod";
import { cursorPageOf, onePlace, pageFields } from "../page.ts";
import { Cents, Id, Moment, Quantity, SumCents, text, Version } from "../values.ts";
import { Sale } from "./sale.ts";

const facts = {
  name: text(100),
  category: text(50),
  quantityPerUnit: text(100),
  priceCents: Cents,
  discontinued: z.boolean(),
};

/** A product. `version` counts edits of its facts; a change of stock does not raise it. A discontinued product is sold until its stock is used up. */
export const Product = z.object({ id: Id, ...facts, stock: z.int().min(0), version: Version, createdAt: Moment }).meta({ id: "Product" });

export type Product = z.output<typeof Product>;

/** An example product for the documentation. */
const CHANG: Product = {
  id: "add0bf27-6562-57e2-8d63-dfe35167d93e",
  ...{ name: "Chang", category: "Beverages", quantityPerUnit: "24 - 12 oz bottles", priceCents: 1_900, discontinued: true, stock: 17 },
  ...{ version: 1, createdAt: "2026-11-22T09:30:00.000Z" },
};

export { Sale } from "./sale.ts";

/** The orders in which a list of products can be sorted. */
export const ProductSort = z.enum(["name_asc", "name_desc", "price_asc", "price_desc"]).meta({ id: "ProductSort" });

const place = { id: Id, page: z.int() };

/** A position in a list of products: the row after which the list goes on, and the sort order of the list. */
export const ProductCursor = cursor(
  "catalog.products",
  z.discriminatedUnion("sort", [
    z.object({
      sort: ProductSort.extract(["name_asc", "name_desc"]),
      key: z
        .string()
        .max(100)
        .regex(/^[^\0]*$/),
      ...place,
    }),
    z.object({ sort: ProductSort.extract(["price_asc", "price_desc"]), key: z.int(), ...place }),
  ]),
);

/** A product and how many pieces of it. */
export const Line = z.object({ productId: Id, quantity: Quantity }).meta({ id: "Line" });

/** 1 to 100 lines, each of a different product. */
export const Lines = z
  .array(Line)
  .min(1)
  .max(100)
  .refine((lines) => new Set(lines.map((line) => line.productId)).size === lines.length, "each product may be named once");

/** A line that is reserved for an order, with the catalog's price at the time of the reservation. */
export const ReservedLine = z.object({ ...Line.shape, name: z.string(), unitPriceCents: Cents });

/** Stock that is reserved for an order. */
export const Reservation = z.object({ orderId: Id, lines: z.array(ReservedLine) });

/** Details of OUT_OF_STOCK: the first line for which there is not enough stock. */
export const OutOfStock = z.object({ productId: Id, available: z.int().min(0) });

/** Details of UNKNOWN_PRODUCT: the product that the catalog does not have. */
export const UnknownProduct = z.object({ productId: Id });

const Sums = { lines: z.int(), units: z.int(), cents: SumCents };
const ProductSales = z.object({ productId: Id, name: z.string(), category: z.string().nullable(), ...Sums });
const CategorySales = z.object({ category: z.string().nullable(), ...Sums });
const Rebuild = z.int().min(1);
const UnknownCategory = z.object({ category: z.string() });
const CategoryCount = z.object({ name: z.string(), products: z.int() }).meta({ id: "Category" });
const admin = { role: "admin" } as const;

/** What the catalog context promises: products, their categories, and their stock. */
export const catalog = contract("catalog", {
  description: "Products, their categories, and their stock.",
  procedures: {
    products: {
      get: query({
        access: "public",
        input: z.object({ id: Id }),
        output: Product,
        rest: "GET /products/{id}",
        description: "One product.",
        example: { input: { id: CHANG.id }, output: CHANG },
      }),
      list: query({
        access: "public",
        input: z
          .object({
            category: text(50).optional(),
            search: text(100).optional(),
            minPriceCents: z.int().min(0).max(10_000_000).optional(),
            maxPriceCents: z.int().min(0).max(10_000_000).optional(),
            discontinued: z.boolean().optional(),
            sort: ProductSort.default("name_asc"),
            ...pageFields,
            cursor: ProductCursor.schema.optional(),
          })
          .refine(({ cursor, page }) => cursor === undefined || page === 1, onePlace)
          .refine(({ cursor, sort }) => (ProductCursor.read(cursor ?? "")?.sort ?? sort) === sort, {
            path: ["cursor"],
            message: "The cursor is of another `sort`: repeat the one that it came from",
          }),
        output: cursorPageOf(Product),
        rest: "GET /products",
        description:
          "Products, filtered and sorted, a page at a time. Give `page`, or the `next` of the page before as `cursor`. `search` looks in the name.",
      }),
      create: mutation({
        access: admin,
        idempotent: true,
        input: z.object({ ...facts, stock: z.int().min(0).max(1_000_000).default(0) }),
        output: Product,
        errors: { UNKNOWN_CATEGORY: UnknownCategory },
        rest: "POST /products",
        description: "Adds a product.",
        example: {
          input: {
            name: "Darjeeling",
            category: "Beverages",
            quantityPerUnit: "10 boxes x 20 bags",
            priceCents: 1_250,
            discontinued: false,
            stock: 40,
          },
        },
      }),
      update: mutation({
        access: admin,
        input: z.object({ id: Id, version: Version, ...facts }),
        output: Product,
        errors: { UNKNOWN_CATEGORY: UnknownCategory },
        rest: "PUT /products/{id}",
        description: "Replaces all facts of a product.",
      }),
      patch: mutation({
        access: admin,
        input: z.object({ id: Id, version: Version, ...z.object(facts).partial().shape }),
        output: Product,
        errors: { UNKNOWN_CATEGORY: UnknownCategory },
        rest: "PATCH /products/{id}",
        description: "Replaces the facts that are given.",
      }),
      remove: mutation({
        access: admin,
        input: z.object({ id: Id, version: Version }),
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
        description: "Adds a category. If the name is taken, the answer is CONFLICT.",
      }),
    },
    stock: {
      reserve: mutation({
        access: "internal",
        idempotent: true,
        input: z.object({ orderId: Id, lines: Lines }),
        output: Reservation,
        errors: { OUT_OF_STOCK: OutOfStock, UNKNOWN_PRODUCT: UnknownProduct },
        description:
          "Takes all lines of an order from the stock, or none. A call with the same lines again gets the same reservation. An order whose stock was released is refused with CONFLICT, so that it cannot reserve late.",
      }),
      release: mutation({
        access: "internal",
        idempotent: true,
        input: z.object({ orderId: Id }),
        output: z.object({ released: z.boolean() }),
        description: "Gives back what an order reserved or bought, once. If the order has reserved nothing yet, it can never reserve anything.",
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
    sales: {
      get: query({
        access: admin,
        input: z.object({ limit: z.int().min(1).max(1_000).default(100) }),
        output: z.object({
          totals: z.object({ orders: z.int(), ...Sums }),
          categories: z.array(CategorySales),
          products: z.array(ProductSales),
          isRebuilding: z.boolean(),
        }),
        rest: "GET /sales",
        description:
          "What was sold, by category and by product, the best-selling first. It is a read model that follows the events of orders. Null stands for products that were removed.",
      }),
      rebuild: mutation({
        access: admin,
        output: z.object({ rebuild: Rebuild }),
        rest: "POST /sales-rebuilds",
        description: "Builds the sales figures again from the orders. The present figures are shown until the new ones are complete.",
      }),
      take: mutation({
        access: "internal",
        idempotent: true,
        input: z.object({ rebuild: Rebuild, sales: z.array(Sale).max(200), isLast: z.boolean() }),
        output: z.object({ wanted: z.boolean() }),
        description: "Takes a page of sold orders for a rebuild. Pages of a rebuild that another one has superseded are not wanted.",
      }),
    },
  },
  events: {
    stockHeldLong: event(z.object({ orderId: Id }), { orderedBy: "orderId" }),
    salesRebuildStarted: event(z.object({ rebuild: Rebuild })),
  },
});
