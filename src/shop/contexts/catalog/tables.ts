import { relations, sql } from "drizzle-orm";
import { bigint, boolean, check, foreignKey, index, integer, pgSchema, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

/** The catalog context's own Postgres schema. */
export const schema = pgSchema("catalog");

/** The categories of products. */
export const categories = schema.table("categories", { name: text().primaryKey() });

/** Products. `version` counts edits; a change of stock does not raise it, so that a sale never makes an edit stale. */
export const products = schema.table(
  "products",
  {
    id: uuid().primaryKey().defaultRandom(),
    name: text().notNull(),
    category: text()
      .notNull()
      .references(() => categories.name),
    quantityPerUnit: text("quantity_per_unit").notNull(),
    priceCents: bigint("price_cents", { mode: "number" }).notNull(),
    discontinued: boolean().notNull().default(false),
    stock: integer().notNull().default(0),
    version: integer().notNull().default(1),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check("products_stock_is_not_negative", sql`${table.stock} >= 0`),
    check("products_price_is_positive", sql`${table.priceCents} > 0`),
    index("products_by_name").on(table.name, table.id),
    index("products_by_price").on(table.priceCents, table.id),
    index("products_by_category").on(table.category, table.name, table.id),
  ],
);

/** Reserved stock: one row for each order. A released row stays, to refuse a reservation that comes later. */
export const reservations = schema.table(
  "reservations",
  {
    orderId: uuid("order_id").primaryKey(),
    status: text({ enum: ["active", "sold", "released"] }).notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check("reservations_status_is_known", sql`${table.status} in ('active', 'sold', 'released')`),
    index("reservations_by_age").on(table.status, table.createdAt),
  ],
);

/** The lines of a reservation, at the price when the stock was reserved. A product may be removed while it is on order, so no foreign key refers to it. */
export const reservationLines = schema.table(
  "reservation_lines",
  {
    orderId: uuid("order_id")
      .notNull()
      .references(() => reservations.orderId, { onDelete: "cascade" }),
    productId: uuid("product_id").notNull(),
    name: text().notNull(),
    quantity: integer().notNull(),
    unitPriceCents: bigint("unit_price_cents", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.productId] }), check("reservation_lines_quantity_is_positive", sql`${table.quantity} > 0`)],
);

/** For `db.query`: a reservation with its lines. */
export const reservationRelations = relations(reservations, ({ many }) => ({ lines: many(reservationLines) }));

/** For `db.query`: a line with its reservation. */
export const reservationLineRelations = relations(reservationLines, ({ one }) => ({
  reservation: one(reservations, { fields: [reservationLines.orderId], references: [reservations.orderId] }),
}));

/** The read model of sales: the last known state of each order, by generation. A cancelled order has a row and no lines. */
export const sales = schema.table(
  "sales",
  { generation: integer().notNull(), orderId: uuid("order_id").notNull(), version: integer().notNull() },
  (table) => [primaryKey({ columns: [table.generation, table.orderId] })],
);

/** The lines of the orders in {@link sales}. */
export const saleLines = schema.table(
  "sale_lines",
  {
    generation: integer().notNull(),
    orderId: uuid("order_id").notNull(),
    productId: uuid("product_id").notNull(),
    name: text().notNull(),
    quantity: integer().notNull(),
    unitPriceCents: bigint("unit_price_cents", { mode: "number" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.generation, table.orderId, table.productId] }),
    foreignKey({ columns: [table.generation, table.orderId], foreignColumns: [sales.generation, sales.orderId] }).onDelete("cascade"),
  ],
);

/** Which generation of {@link sales} is shown, and which one a rebuild fills. One row; no row before the first rebuild. */
export const salesState = schema.table(
  "sales_state",
  { id: integer().primaryKey(), generation: integer().notNull().default(0), building: integer() },
  (table) => [check("sales_state_is_one_row", sql`${table.id} = 1`)],
);

/** A row of {@link salesState}. */
export type SalesStateRow = typeof salesState.$inferSelect;

/** A row of {@link products}. */
export type ProductRow = typeof products.$inferSelect;

/** A row of {@link reservationLines}. */
export type ReservationLineRow = typeof reservationLines.$inferSelect;
