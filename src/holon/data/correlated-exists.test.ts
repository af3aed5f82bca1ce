import { eq, exists, sql } from "drizzle-orm";
import { integer, pgSchema } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useTestDatabase } from "./database.testing.ts";
import { statementHint, toHolonError } from "./database-error.ts";

const place = useTestDatabase();
const shop = pgSchema("shop");
const orders = shop.table("orders", { id: integer().notNull() });
const lines = shop.table("lines", { order: integer().notNull() });
let client: postgres.Sql;

beforeAll(async () => {
  client = postgres(place.database.url, { max: 1, onnotice: () => {} });
  await client.unsafe(
    'create schema shop; create table shop.orders (id int); create table shop.lines ("order" int); insert into shop.orders values (1), (2); insert into shop.lines values (2)',
  );
});
afterAll(() => client.end({ timeout: 1 }));

const database = () => drizzle(client, { schema: { orders, lines } });
const linesOf = (order: typeof orders.id) => database().select({ one: sql`1` }).from(lines).where(eq(lines.order, order));

describe("a query by findMany for orders that have lines", () => {
  it("fails if the subquery names the table, and the hint says what works", async () => {
    const error = await database()
      .query.orders.findMany({ where: exists(linesOf(orders.id)) })
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(toHolonError(error).code).toBe("INTERNAL");
    expect(statementHint(toHolonError(error))).toContain("where: (row, { exists })");
  });

  it("finds them if the subquery names the row that `where` is given", async () => {
    expect(await database().query.orders.findMany({ where: (order, operators) => operators.exists(linesOf(order.id)) })).toEqual([{ id: 2 }]);
  });

  it("finds them by select as well", async () => {
    expect(
      await database()
        .select()
        .from(orders)
        .where(exists(linesOf(orders.id))),
    ).toEqual([{ id: 2 }]);
  });
});
