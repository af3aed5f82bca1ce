import { testApp } from "holon/testing";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createContextData } from "../../src/holon/data/context-data.ts";
import { createTestDatabase, startTestServer, type TestDatabase, type TestServer } from "../../src/holon/dev/postgres/test-database.ts";
import { systemClock } from "../../src/holon/kernel/clock.ts";
import { DEFAULT_LIMITS } from "../../src/holon/kernel/limits.ts";
import { silentLogger } from "../../src/holon/kernel/log.ts";
import { Timers } from "../../src/holon/kernel/timers.ts";
import { startRetention } from "../../src/holon/work/retention/start-retention.ts";
import { contracts, createWorkApp } from "./app.ts";

const COUNT = 50_000;

/** Rows that finished long ago, by table. Each table gets as many rows as a bench writes in a minute or less. */
const OLD_ROWS = {
  "sales.holon_outbox": `insert into sales.holon_outbox (kind, name, ordered_key, key_number, payload, initiator, settled_at)
    select 'event', 'placed', 'old ' || n, 1, '{}', '{"kind":"anonymous"}', now() - interval '8 days' from generate_series(1, ${COUNT}) n`,
  "mail.holon_inbox": `insert into mail.holon_inbox (producer, event_id, name, position, ordered_key, key_number, state, settled_at)
    select 'sales', gen_random_uuid(), 'placed', n, 'old ' || n, 1, 'done', now() - interval '31 days' from generate_series(1, ${COUNT}) n`,
  "mail.holon_jobs": `insert into mail.holon_jobs (id, name, state, settled_at) select gen_random_uuid(), 'send', 'done', now() - interval '2 hours' from generate_series(1, ${COUNT}) n`,
  "sales.holon_keys": `insert into sales.holon_keys (principal, procedure, key, request_hash, state, expires_at)
    select 'user', 'sales.place', 'old ' || n, '', 'done', now() - interval '1 hour' from generate_series(1, ${COUNT}) n`,
  "sales.holon_order": `insert into sales.holon_order (name, ordered_key, last_number, idle_number, idle_since)
    select 'placed', 'older ' || n, 1, 1, now() - interval '39 days' from generate_series(1, ${COUNT}) n`,
};

describe("rows that ended long ago", () => {
  let server: TestServer;
  let database: TestDatabase;
  let sql: Sql;
  beforeAll(async () => {
    server = await startTestServer();
    database = await createTestDatabase({ server });
    sql = postgres(database.url, { max: 1, onnotice: () => {} });
  });
  afterAll(async () => {
    await sql?.end();
    await database?.drop();
    await server?.stop();
  });

  it("are gone after one look, however many there are", async () => {
    const start = () => testApp(createWorkApp(), { contracts, topology: "together", databaseUrl: database.url });
    await (await start()).close();
    for (const insert of Object.values(OLD_ROWS)) await sql.unsafe(insert);
    await sql`insert into sales.holon_removed (name, position) values ('placed', 1)`;
    const app = await start();
    try {
      const left = async () =>
        Object.fromEntries(
          await Promise.all(
            Object.keys(OLD_ROWS).map(async (table) => [table, Number((await sql.unsafe(`select count(*) from ${table}`))[0]?.["count"])] as const),
          ),
        );
      await expect.poll(left, { timeout: 100_000, interval: 500 }).toEqual(Object.fromEntries(Object.keys(OLD_ROWS).map((table) => [table, 0])));
      const metrics = await (await fetch(`${app.host("sales").ops?.url}/metrics`)).text();
      for (const [context, table] of Object.keys(OLD_ROWS).map((name) => name.split("."))) {
        expect(metrics).toContain(`holon_retention_removed_total{context="${context}",table="${table}"} ${COUNT}`);
        expect(metrics).toContain(`holon_retention_lag_seconds{context="${context}",table="${table}"} 0`);
      }
    } finally {
      await app.close();
    }
  });

  it("are removed only by processes with the role jobs, except idempotency keys, which the other processes make", async () => {
    for (const insert of Object.values(OLD_ROWS)) await sql.unsafe(insert);
    const data = createContextData({
      ...{ context: "sales", url: database.url, tables: {}, limits: DEFAULT_LIMITS, clock: systemClock, log: silentLogger },
    });
    const deps = { clock: systemClock, timers: new Timers(() => systemClock.monotonicMs()), log: silentLogger };
    const retention = startRetention({ data, times: DEFAULT_LIMITS, works: false, ...deps });
    try {
      const count = async (table: string) => Number((await sql.unsafe(`select count(*) from sales.${table}`))[0]?.["count"]);
      await expect.poll(() => count("holon_keys"), { timeout: 100_000 }).toBe(0);
      await retention.close();
      expect(await count("holon_outbox")).toBe(COUNT);
      expect(await retention.lags()).toEqual([{ table: "holon_keys", lagMs: 0 }]);
    } finally {
      await retention.close();
      await data.close();
      deps.timers.close();
    }
  });
});
