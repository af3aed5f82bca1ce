import { integer, pgSchema, text, uuid } from "drizzle-orm/pg-core";
import postgres, { type Sql } from "postgres";
import { afterAll, afterEach, beforeAll } from "vitest";
import { systemClock } from "../kernel/clock.ts";
import type { Limits } from "../kernel/limits.ts";
import { silentLogger } from "../kernel/log.ts";
import { until } from "./child.testing.ts";
import { type ContextData, createContextData } from "./context-data.ts";
import { type TestPlace, testLimits, useTestDatabase } from "./database.testing.ts";
import { migrate } from "./migrate/migrate.ts";
import type { NotifyHub } from "./notify/notify-hub.ts";

const schema = pgSchema("orders");

export const orders = schema.table("orders", {
  id: uuid().primaryKey().defaultRandom(),
  email: text().notNull().unique(),
  amount: integer().notNull(),
  version: integer().notNull().default(1),
});

export const tables = { orders };

/** The data of a context `orders` with one table, in a database of the test file. */
interface OrdersPlace extends TestPlace {
  readonly data: ContextData<typeof tables>;
  /** A connection as the owner of the database, to check the result independently of the code under test. */
  readonly sql: Sql;
  /** Data of the same context in another process. */
  open(
    limits?: Partial<Limits>,
    others?: { readonly onAppended?: () => void; readonly url?: string; readonly hub?: NotifyHub },
  ): ContextData<typeof tables>;
  /** How many statements of contexts the server runs now that contain this text. */
  running(text: string): Promise<number>;
  isRunning(text: string): Promise<void>;
  isNotRunning(text: string): Promise<void>;
}

/** Prepares an {@link OrdersPlace} for the tests of a file. Each test begins with empty tables. */
export function useOrders(limits: Partial<Limits> = {}): OrdersPlace {
  const opened: ContextData<typeof tables>[] = [];
  const place = Object.assign(useTestDatabase(), {}) as OrdersPlace & { data: ContextData<typeof tables>; sql: Sql };
  let role: string | undefined;
  const open: OrdersPlace["open"] = (own = limits, { onAppended, url, hub } = {}) => {
    const made = createContextData({
      context: "orders",
      url: url ?? place.database.url,
      role,
      tables,
      limits: testLimits(own),
      clock: systemClock,
      log: silentLogger,
      onAppended,
      hub,
    });
    opened.push(made);
    return made;
  };
  const running = async (text: string) => {
    const [row] = await place.sql<
      { count: number }[]
    >`select count(*)::int as count from pg_stat_activity where application_name like 'holon %' and state = 'active' and strpos(query, ${text}) > 0`;
    return row?.count ?? 0;
  };
  beforeAll(async () => {
    role = (await migrate({ url: place.database.url, context: "orders" })).role;
    place.sql = postgres(place.database.url, { max: 2, onnotice: () => {} });
    await place.sql`create table orders.orders (id uuid primary key default gen_random_uuid(), email text not null unique, amount int not null check (amount >= 0), version int not null default 1)`;
    place.data = open();
  });
  afterEach(async () => {
    // A statement that the test has cancelled may still be in progress.
    await until(() => opened.every((data) => data.stats().inUse === 0));
    await place.sql`truncate orders.orders, orders.holon_outbox, orders.holon_order, orders.holon_keys cascade`;
  });
  afterAll(async () => {
    await Promise.all(opened.map((data) => data.close()));
    await place.sql?.end({ timeout: 1 });
  });
  return Object.assign(place, {
    open,
    running,
    isRunning: (text: string) => until(async () => (await running(text)) > 0),
    isNotRunning: (text: string) => until(async () => (await running(text)) === 0),
  });
}
