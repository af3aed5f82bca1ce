import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ContextData, createContextData } from "../../data/context-data.ts";
import { testLimits, useTestDatabase } from "../../data/database.testing.ts";
import type { Tables } from "../../data/drizzle/database.ts";
import { migrate } from "../../data/migrate/migrate.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { ExplainingDatabase } from "../engine/explaining-database.testing.ts";
import { OutboxLease } from "./outbox-lease.ts";

const place = useTestDatabase();
let data: ContextData<Tables>;
let owner: Sql;
beforeAll(async () => {
  const { url } = place.database;
  const { role } = await migrate({ url, context: "orders" });
  data = createContextData({ context: "orders", url, role, tables: {}, limits: testLimits(), clock: systemClock, log: silentLogger });
  owner = postgres(url, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await data?.close();
  await owner?.end();
});

it("the queries for overdue events read only events on their way, however many are acknowledged or wait for room, and for however long", async () => {
  await owner`set session_replication_role = replica`;
  const deliveries = async (count: number, sentCount: number, sentAt: string, acknowledgedAt: string): Promise<void> => {
    await owner.unsafe(`insert into orders.holon_deliveries (position, subscriber, sent_count, sent_at, acknowledged_at)
      select coalesce((select max(position) from orders.holon_deliveries), 0) + n, 'mail', ${sentCount}, ${sentAt}, ${acknowledgedAt} from generate_series(1, ${count}) n`);
  };
  await deliveries(10_000, 1, "now() - interval '1 day'", "now()");
  await deliveries(10_000, 0, "now() + interval '1 day'", "null");
  await deliveries(10_000, 0, "now() - interval '1 day'", "null");
  await deliveries(100, 1, "now() - interval '1 hour'", "null");
  await owner`vacuum analyze orders.holon_deliveries`;
  const database = new ExplainingDatabase(data, systemClock);
  const lease = new OutboxLease(database);
  const waits = { firstMs: 5_000, greatestMs: 30_000 };
  await lease.overdueSubscribers(waits);
  await lease.takeOverdue("mail", 50, waits);
  expect(database.takeReadInVain()).toEqual([0, 0]);
});
