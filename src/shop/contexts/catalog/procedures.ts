import { asc, count, eq } from "drizzle-orm";
import { catalog } from "./context.ts";
import { editProduct, isCategory, listProducts, productById, removeProduct, toProduct } from "./products.ts";
import { claimReservation, holdsLines, linesOfReservation, releaseReservation } from "./reservations.ts";
import { beginRebuild, takePage } from "./sales-ledger.ts";
import { readSales } from "./sales-report.ts";
import { addToStock, availableOf, inLockOrder, takeFromStock } from "./stock.ts";
import * as tables from "./tables.ts";

/** The handlers of the catalog contract. */
export const procedures = catalog.procedures({
  products: {
    async get({ input, ctx }) {
      const product = await productById(ctx, input.id);
      if (product === undefined) throw ctx.fail("NOT_FOUND", "There is no such product.");
      return toProduct(product);
    },

    list: ({ input, ctx }) => listProducts(ctx, input),

    async create({ input, ctx, tx }) {
      if (!(await isCategory(tx, input.category))) throw ctx.fail("UNKNOWN_CATEGORY", { category: input.category });
      const [row] = await tx.db.insert(tables.products).values(input).returning();
      return toProduct(row as tables.ProductRow);
    },

    update({ input, ctx }) {
      const { id, version, ...facts } = input;
      return ctx.transaction(async (tx) => {
        if (!(await isCategory(tx, facts.category))) throw ctx.fail("UNKNOWN_CATEGORY", { category: facts.category });
        return editProduct(tx, id, version, facts);
      });
    },

    patch({ input, ctx }) {
      const { id, version, ...facts } = input;
      return ctx.transaction(async (tx) => {
        const { category } = facts;
        if (category !== undefined && !(await isCategory(tx, category))) throw ctx.fail("UNKNOWN_CATEGORY", { category });
        return editProduct(tx, id, version, facts);
      });
    },

    remove({ input, ctx }) {
      return ctx.transaction((tx) => removeProduct(tx, input.id, input.version));
    },
  },

  categories: {
    async list({ ctx }) {
      const query = ctx.prepared("categories", (db) =>
        db
          .select({ name: tables.categories.name, products: count(tables.products.id) })
          .from(tables.categories)
          .leftJoin(tables.products, eq(tables.products.category, tables.categories.name))
          .groupBy(tables.categories.name)
          .orderBy(asc(tables.categories.name)),
      );
      return { items: await query.execute() };
    },

    create({ input, ctx }) {
      return ctx.transaction(async (tx) => {
        await tx.db.insert(tables.categories).values(input);
        return { name: input.name, products: 0 };
      });
    },
  },

  stock: {
    async reserve({ input, ctx, tx }) {
      const { orderId } = input;
      const wanted = inLockOrder(input.lines);
      const claim = await claimReservation(tx, orderId);
      if (claim === "released") throw ctx.fail("CONFLICT", "This order gave its stock back.");
      if (claim === "held") {
        const lines = await linesOfReservation(tx, orderId);
        if (!holdsLines(lines, wanted)) throw ctx.fail("CONFLICT", "The order holds other products.");
        return { orderId, lines };
      }
      const lines = [];
      for (const line of wanted) {
        const taken = await takeFromStock(tx, line);
        if (taken === undefined) {
          const { productId } = line;
          const available = await availableOf(tx, productId);
          throw available === undefined ? ctx.fail("UNKNOWN_PRODUCT", { productId }) : ctx.fail("OUT_OF_STOCK", { productId, available });
        }
        lines.push({ ...line, name: taken.name, unitPriceCents: taken.priceCents });
      }
      await tx.db.insert(tables.reservationLines).values(lines.map((line) => ({ orderId, ...line })));
      return { orderId, lines };
    },

    async release({ input, tx }) {
      return { released: await releaseReservation(tx, input.orderId) };
    },

    async restock({ input, ctx, tx }) {
      for (const line of inLockOrder(input.lines)) {
        if (!(await addToStock(tx, line))) throw ctx.fail("UNKNOWN_PRODUCT", { productId: line.productId });
      }
      return { products: input.lines.length };
    },
  },

  sales: {
    get: ({ input, ctx }) => readSales(ctx, input.limit),

    rebuild: ({ ctx }) =>
      ctx.transaction(async (tx) => {
        const rebuild = await beginRebuild(tx);
        await tx.emit("salesRebuildStarted", { rebuild });
        return { rebuild };
      }),

    async take({ input, tx }) {
      return { wanted: await takePage(tx, input.rebuild, input.sales, input.isLast) };
    },
  },
});
