import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres, { type Sql } from "postgres";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../dev/postgres/test-database.ts";
import { silentLogger } from "../../kernel/log.ts";
import { startChild } from "../child.testing.ts";
import { useTestDatabase } from "../database.testing.ts";
import { contextRole, migrate } from "./migrate.ts";

const place = useTestDatabase();
let database: TestDatabase;
let folder: string;
let sql: Sql;

beforeEach(async () => {
  database = await createTestDatabase({ server: place.server });
  folder = await mkdtemp(path.join(tmpdir(), "holon-migrations-"));
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
});

afterEach(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const FIRST = `CREATE SCHEMA "orders";\n--> statement-breakpoint\nCREATE TABLE "orders"."orders" ("id" integer PRIMARY KEY, "email" text);`;
const SECOND = `ALTER TABLE "orders"."orders" ADD COLUMN "amount" integer;`;

/** Writes a folder as drizzle-kit does. */
async function generated(files: Record<string, string>): Promise<void> {
  await mkdir(path.join(folder, "meta"), { recursive: true });
  const entries = Object.keys(files).map((tag, idx) => ({ idx, version: "7", when: 1_700_000_000_000 + idx, tag, breakpoints: true }));
  await writeFile(path.join(folder, "meta", "_journal.json"), JSON.stringify({ version: "7", dialect: "postgresql", entries }));
  for (const [tag, text] of Object.entries(files)) await writeFile(path.join(folder, `${tag}.sql`), text);
}

function migrateOrders() {
  return migrate({ url: database.url, context: "orders", folder });
}

async function tablesOf(schema: string): Promise<string[]> {
  const rows = await sql<{ tablename: string }[]>`select tablename from pg_tables where schemaname = ${schema} order by 1`;
  return rows.map(({ tablename }) => tablename);
}

describe("migrating a context", () => {
  it("makes the toolkit's tables, then the context's own, and nothing the second time", async () => {
    await generated({ "0000_first": FIRST, "0001_second": SECOND });
    expect((await migrateOrders()).applied.slice(-2)).toEqual(["0000_first", "0001_second"]);
    expect(await tablesOf("orders")).toEqual([
      "holon_awaited_events",
      "holon_deliveries",
      "holon_inbox",
      "holon_jobs",
      "holon_keys",
      "holon_migrations",
      "holon_order",
      "holon_outbox",
      "holon_removed",
      "holon_runs",
      "holon_schedules",
      "holon_steps",
      "holon_subscribers",
      "orders",
    ]);
    expect((await migrateOrders()).applied).toEqual([]);
  });

  it("runs only what is new", async () => {
    await generated({ "0000_first": FIRST });
    await migrateOrders();
    await generated({ "0000_first": FIRST, "0001_second": SECOND });
    expect((await migrateOrders()).applied).toEqual(["0001_second"]);
  });

  it("treats files with other line ends as the same", async () => {
    await generated({ "0000_first": FIRST });
    await migrateOrders();
    await generated({ "0000_first": FIRST.replaceAll("\n", "\r\n") });
    expect((await migrateOrders()).applied).toEqual([]);
  });

  it("refuses a file that was edited after it ran, naming it", async () => {
    await generated({ "0000_first": FIRST });
    await migrateOrders();
    await generated({ "0000_first": `${FIRST} -- harmless` });
    await expect(migrateOrders()).rejects.toMatchObject({ code: "CONFLICT", details: { context: "orders", migration: "0000_first" } });
  });

  it("refuses to start if a file that ran is missing before others, naming it", async () => {
    await generated({ "0000_first": FIRST, "0001_second": SECOND, "0002_third": "create table orders.third ()" });
    await migrateOrders();
    await generated({ "0000_first": FIRST, "0002_third": "create table orders.third ()" });
    await expect(migrateOrders()).rejects.toMatchObject({ code: "CONFLICT", details: { migration: "0001_second" } });
  });

  it("refuses to start if all files are missing, naming the first", async () => {
    await generated({ "0000_first": FIRST, "0001_second": SECOND });
    await migrateOrders();
    await generated({});
    await expect(migrateOrders()).rejects.toMatchObject({ code: "CONFLICT", details: { migration: "0000_first" } });
  });

  it("refuses a file put before one that ran, naming it", async () => {
    await generated({ "0000_first": FIRST, "0001_second": SECOND });
    await migrateOrders();
    await generated({ "0000_first": FIRST, "0000_late": "create table orders.late ()", "0001_second": SECOND });
    await expect(migrateOrders()).rejects.toMatchObject({ code: "CONFLICT", details: { migration: "0000_late" } });
  });

  it("refuses a journal that names a file which is not there", async () => {
    await generated({ "0000_first": FIRST });
    await rm(path.join(folder, "0000_first.sql"));
    await expect(migrateOrders()).rejects.toThrow(/0000_first\.sql is missing/);
  });

  it("leaves nothing of a file that fails, and names file and statement", async () => {
    await generated({ "0000_first": FIRST, "0001_bad": "create table orders.half ();\n--> statement-breakpoint\nselect nonsense" });
    await expect(migrateOrders()).rejects.toMatchObject({ code: "INTERNAL", details: { migration: "0001_bad", statement: 2 } });
    expect(await tablesOf("orders")).not.toContain("half");
    await generated({ "0000_first": FIRST, "0001_bad": "create table orders.half ()" });
    expect((await migrateOrders()).applied).toEqual(["0001_bad"]);
  });

  it("says that there is no database", async () => {
    await expect(migrate({ url: "postgres://nobody@127.0.0.1:1/none", context: "orders" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("ten processes at once on an empty database", () => {
  async function startTen(): Promise<readonly Record<string, unknown>[]> {
    return Promise.all(Array.from({ length: 10 }, () => startChild("./migrate/migrate-child.testing.ts", [database.url, folder]).said));
  }

  it("all succeed, and each migration runs once", async () => {
    await generated({ "0000_first": FIRST, "0001_second": SECOND });
    const results = await startTen();
    expect(results.map(({ failed }) => failed)).toEqual(Array(10).fill(undefined));
    const applied = results.flatMap((result) => result["applied"] as string[]);
    expect(applied.toSorted()).toEqual([
      "0000_first",
      "0000_work_that_waits",
      "0001_keys_and_runs",
      "0001_second",
      "0002_jobs_and_schedules",
      "0003_events",
      "0004_workflows",
      "0005_watch",
      "0006_retention",
      "0007_retention_indexes",
      "0008_answers_in_order",
      "0009_waiting",
      "0010_sent",
      "0011_jobs_that_wait",
      "0012_events_that_wait",
      "0013_undo_failures",
      "0014_runs_by_version",
      "0015_step_failures",
    ]);
    expect(new Set(results.map(({ role }) => role))).toEqual(new Set([`${database.name}_orders`]));
  });

  it("do not block an index that is built concurrently", async () => {
    await generated({
      "0000_first": FIRST,
      "0001_index": `-- holon:no-transaction\ncreate index concurrently orders_email on orders.orders (email)`,
    });
    const results = await startTen();
    expect(results.map(({ failed }) => failed)).toEqual(Array(10).fill(undefined));
    expect(await sql`select indisvalid from pg_index where indexrelid = 'orders.orders_email'::regclass`).toEqual([{ indisvalid: true }]);
  });
});

describe("a role of the context", () => {
  it("is named after database and context, and may be taken by this login", async () => {
    await expect(contextRole({ url: database.url, context: "orders" })).resolves.toBeUndefined();
    expect(await migrateOrders()).toMatchObject({ role: `${database.name}_orders` });
    await expect(contextRole({ url: database.url, context: "orders" })).resolves.toBe(`${database.name}_orders`);
  });

  it("is left out if the login may not make roles, with a warning", async () => {
    const name = `${database.name}_plain`;
    await sql.unsafe(`create role ${name} login password 'plain'; grant create on database ${database.name} to ${name}`);
    const url = new URL(database.url);
    url.username = name;
    url.password = "plain";
    const warnings: object[] = [];
    const log = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    expect(await migrate({ url: url.href, context: "orders", log })).toMatchObject({ role: undefined });
    expect(warnings).toEqual([{ context: "orders", role: `${database.name}_orders` }]);
    await sql.unsafe(`drop owned by ${name}; drop role ${name}`);
  });

  it("is made by a login that is not a superuser but may make roles", async () => {
    const name = `${database.name}_owner`;
    await sql.unsafe(`create role ${name} login createrole password 'owner'; grant create on database ${database.name} to ${name}`);
    const url = new URL(database.url);
    url.username = name;
    url.password = "owner";
    const { role } = await migrate({ url: url.href, context: "orders" });
    const taken = postgres(url.href, { max: 1, connection: { role: role as string } as object });
    expect(await taken`select current_user, (select count(*)::int from orders.holon_outbox) as rows`).toEqual([{ current_user: role, rows: 0 }]);
    await taken.end();
  });
});
