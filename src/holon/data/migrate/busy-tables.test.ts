import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sql as text } from "drizzle-orm";
import postgres, { type Sql } from "postgres";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../dev/postgres/test-database.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { until } from "../child.testing.ts";
import { createContextData } from "../context-data.ts";
import { testLimits, testScope, useTestDatabase } from "../database.testing.ts";
import { openSilentProxy } from "../silent-proxy.testing.ts";
import { migrate } from "./migrate.ts";

const place = useTestDatabase();
let database: TestDatabase;
let folder: string;
let sql: Sql;
let report: Sql;
let logged: { readonly message: string; readonly fields: Record<string, unknown> }[];

const noteLog = (fields: object, message: string): void => void logged.push({ message, fields: fields as Record<string, unknown> });
const log = { ...silentLogger, info: noteLog, warn: noteLog };

beforeEach(async () => {
  logged = [];
  database = await createTestDatabase({ server: place.server });
  folder = await mkdtemp(path.join(tmpdir(), "holon-migrations-"));
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  report = postgres(database.url, { max: 1, connection: { application_name: "monthly report" } });
  await generated({ "0000_first": `CREATE TABLE "orders"."orders" ("id" integer PRIMARY KEY, "email" text);` });
  await migrateOrders();
});

afterEach(async () => {
  await Promise.all([sql.end({ timeout: 1 }), report.end({ timeout: 1 })]);
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function generated(files: Record<string, string>): Promise<void> {
  await mkdir(path.join(folder, "meta"), { recursive: true });
  const entries = Object.keys(files).map((tag, idx) => ({ idx, version: "7", when: 1_700_000_000_000 + idx, tag, breakpoints: true }));
  await writeFile(path.join(folder, "meta", "_journal.json"), JSON.stringify({ version: "7", dialect: "postgresql", entries }));
  for (const [tag, file] of Object.entries(files)) await writeFile(path.join(folder, `${tag}.sql`), file);
}

function migrateOrders(others: { readonly url?: string; readonly lockWaitMs?: number } = {}) {
  return migrate({ url: database.url, context: "orders", folder, log, ...others });
}

async function addColumn(): Promise<void> {
  const first = `CREATE TABLE "orders"."orders" ("id" integer PRIMARY KEY, "email" text);`;
  await generated({ "0000_first": first, "0001_amount": `ALTER TABLE "orders"."orders" ADD COLUMN "amount" integer;` });
}

const isAlterWaiting = async (): Promise<boolean> =>
  (await sql`select 1 from pg_locks where relation = 'orders.orders'::regclass and mode = 'AccessExclusiveLock' and not granted`).length > 0;

describe("a migration that changes a table which a long report reads", () => {
  beforeEach(addColumn);

  it("lets reads go on meanwhile, logs what it waits for, and runs when the report ends", async () => {
    const { role } = await migrate({ url: database.url, context: "other" });
    const data = createContextData({
      context: "orders",
      url: database.url,
      role: role?.replace(/_other$/, "_orders"),
      tables: {},
      limits: testLimits(),
      clock: systemClock,
      log,
    });
    await report`begin`;
    await report`select count(*) from orders.orders`;
    const migrating = migrateOrders();
    await until(isAlterWaiting);
    const reads = [];
    for (let read = 0; read < 11; read++) {
      const reading = data.reader(testScope(30_000)).select({ count: text<string>`count(*)` }).from(text`orders.orders`).execute();
      reads.push(
        await reading.then(
          () => "read",
          (error: { readonly code: string }) => error.code,
        ),
      );
    }
    expect(reads).toEqual(Array(11).fill("read"));
    await until(() => logged.some(({ fields }) => fields["blockedBy"] !== undefined));
    const said = logged.find(({ fields }) => fields["blockedBy"] !== undefined);
    expect(said).toMatchObject({
      message: expect.stringContaining("waits for a lock"),
      fields: { context: "orders", migration: "0001_amount", statement: 1, blockedBy: [expect.stringContaining("monthly report")] },
    });
    await report`commit`;
    await expect(migrating).resolves.toMatchObject({ applied: ["0001_amount"] });
    await data.close();
  });

  it("gives up after `lockWaitMs`, and names what blocks it", async () => {
    await report`begin`;
    await report`select count(*) from orders.orders`;
    await expect(migrateOrders({ lockWaitMs: 4_000 })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("monthly report"),
    });
    await report`rollback`;
    await expect(migrateOrders()).resolves.toMatchObject({ applied: ["0001_amount"] });
  });
});

describe("a server that goes silent under a migration", () => {
  it("ends the migration with the error that the database is away", async () => {
    await addColumn();
    const proxy = await openSilentProxy(database.url);
    await report`begin`;
    await report`select count(*) from orders.orders`;
    const migrating = migrateOrders({ url: proxy.url }).catch((error: unknown) => error);
    await until(isAlterWaiting);
    proxy.silence();
    expect(await migrating).toMatchObject({ code: "UNAVAILABLE" });
    proxy.close();
    await report`commit`;
  });

  it("ends the migration also during a statement that takes long", async () => {
    const first = `CREATE TABLE "orders"."orders" ("id" integer PRIMARY KEY, "email" text);`;
    await generated({ "0000_first": first, "0001_slow": `select pg_sleep(300)` });
    const proxy = await openSilentProxy(database.url);
    const migrating = migrateOrders({ url: proxy.url }).catch((error: unknown) => error);
    const isSlow = async () => (await sql`select 1 from pg_stat_activity where state = 'active' and query = 'select pg_sleep(300)'`).length > 0;
    await until(isSlow);
    proxy.silence();
    expect(await migrating).toMatchObject({ code: "UNAVAILABLE" });
    proxy.close();
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(300)' and pid <> pg_backend_pid()`;
  });
});
