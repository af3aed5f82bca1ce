import { sql } from "drizzle-orm";
import { integer, pgSchema, text, uuid } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../kernel/index.ts";
import { type ContextData, createContextData } from "./context-data.ts";
import { testLimits, testScope, useTestDatabase } from "./database.testing.ts";
import { migrate } from "./migrate.ts";

const orders = pgSchema("orders").table("orders", { id: uuid().primaryKey().defaultRandom(), email: text().notNull().unique(), amount: integer().notNull() });
const tables = { orders };

const place = useTestDatabase();
let data: ContextData<typeof tables>;

beforeAll(async () => {
  const { role } = await migrate({ url: place.database.url, context: "orders" });
  const owner = createContextData({ context: "orders", url: place.database.url, tables, limits: testLimits(), clock: systemClock, log: silentLogger });
  await owner.transaction(testScope(), ({ db }) => db.execute(sql`create table orders.orders (id uuid primary key default gen_random_uuid(), email text not null unique, amount int not null)`));
  await owner.close();
  data = createContextData({ context: "orders", url: place.database.url, role, tables, limits: testLimits(), clock: systemClock, log: silentLogger });
});

afterAll(() => data?.close());

beforeEach(async () => {
  await data.transaction(testScope(), ({ db }) => db.delete(orders));
});

describe("a reader", () => {
  it("reads rows", async () => {
    await data.transaction(testScope(), ({ db }) => db.insert(orders).values({ email: "a@example.test", amount: 3 }));
    const db = data.reader(testScope());
    expect(await db.select({ amount: orders.amount }).from(orders)).toEqual([{ amount: 3 }]);
    expect(await db.query.orders.findFirst({ columns: { email: true } })).toEqual({ email: "a@example.test" });
    expect(await db.$count(orders)).toBe(1);
  });

  it("has no way to write, in types and at run time", () => {
    const db = data.reader(testScope());
    expect("insert" in db || "update" in db || "delete" in db || "execute" in db || "transaction" in db).toBe(false);
    // @ts-expect-error writing exists on a transaction only
    expect(db.insert).toBeUndefined();
  });
});
