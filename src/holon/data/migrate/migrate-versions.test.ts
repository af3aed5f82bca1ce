import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { integer, pgSchema, text } from "drizzle-orm/pg-core";
import postgres, { type Sql } from "postgres";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../dev/postgres/test-database.ts";
import { silentLogger } from "../../kernel/log.ts";
import { startChild } from "../child.testing.ts";
import { useTestDatabase } from "../database.testing.ts";
import { migrate } from "./migrate.ts";
import { toMigration } from "./migration.ts";

const FIRST = `CREATE SCHEMA "orders";\n--> statement-breakpoint\nCREATE TABLE "orders"."orders" ("id" integer PRIMARY KEY, "email" text);`;
const ADDS = `ALTER TABLE "orders"."orders" ADD COLUMN "amount" integer;`;
const DROPS = `ALTER TABLE "orders"."orders" DROP COLUMN "email";`;
const INDEXES = `CREATE INDEX "by_amount" ON "orders"."orders" ("amount");`;

/** The journal as versions without the column `compatible` made it. */
const FORMER_JOURNAL = `create table orders.holon_migrations (
    source text not null,
    name text not null,
    ordinal integer not null,
    hash text not null,
    applied_at timestamptz not null default now(),
    primary key (source, name)
  )`;

/** How versions without the column `compatible` record a migration. */
const FORMER_INSERT = `insert into "orders".holon_migrations (source, name, ordinal, hash) values ($1, $2, $3, $4)`;
const FORMER_SELECT = `select name, hash from "orders".holon_migrations where source = $1 order by ordinal`;

const place = useTestDatabase();
let database: TestDatabase;
let root: string;
let sql: Sql;
let warnings: readonly object[];

beforeEach(async () => {
  database = await createTestDatabase({ server: place.server });
  root = await mkdtemp(path.join(tmpdir(), "holon-versions-"));
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  warnings = [];
});

afterEach(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
  await rm(root, { recursive: true, force: true });
});

const log = {
  ...silentLogger,
  warn(fields: object) {
    warnings = [...warnings, fields];
  },
};

/** Starts a version of the context. `files` are the migrations that it has, by name. */
async function start(files: Readonly<Record<string, string>>, url = database.url): ReturnType<typeof migrate> {
  warnings = [];
  return migrate({ url, context: "orders", folder: await folderOf(files), log });
}

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(root, "version-"));
  const entries = Object.keys(files).map((tag, idx) => ({ idx, version: "7", when: 1_700_000_000_000 + idx, tag, breakpoints: true }));
  await mkdir(path.join(folder, "meta"));
  await writeFile(path.join(folder, "meta", "_journal.json"), JSON.stringify({ version: "7", dialect: "postgresql", entries }));
  for (const [tag, text] of Object.entries(files)) await writeFile(path.join(folder, `${tag}.sql`), text);
  return folder;
}

/** Prepares a database as a version without the column `compatible` leaves it. */
async function startedFormerly(files: Readonly<Record<string, string>>): Promise<void> {
  await start(files);
  await sql.unsafe("alter table orders.holon_migrations drop column compatible");
}

async function judgements(): Promise<Record<string, boolean | null>> {
  const rows = await sql<{ name: string; compatible: boolean | null }[]>`
    select name, compatible from orders.holon_migrations where source = 'context' order by ordinal`;
  return Object.fromEntries(rows.map(({ name, compatible }) => [name, compatible]));
}

const OLD = { "0000_first": FIRST };
const ADDING = { ...OLD, "0001_adds": ADDS };
const NEWEST = { ...ADDING, "0002_indexes": INDEXES };
const DROPPING = { ...ADDING, "0002_drops": DROPS };

describe("an older version on a database that a newer one has migrated", () => {
  it("starts with a warning that names the newer migrations, back and forth", async () => {
    await start(OLD);
    expect((await start(NEWEST)).applied).toEqual(["0001_adds", "0002_indexes"]);
    expect(warnings).toEqual([]);
    expect((await start(OLD)).applied).toEqual([]);
    expect(warnings).toEqual([{ context: "orders", source: "context", migrations: ["0001_adds", "0002_indexes"] }]);
    expect((await start(ADDING)).applied).toEqual([]);
    expect(warnings).toEqual([{ context: "orders", source: "context", migrations: ["0002_indexes"] }]);
    expect((await start(NEWEST)).applied).toEqual([]);
    expect(warnings).toEqual([]);
    expect((await start(DROPPING_AFTER_NEWEST)).applied).toEqual(["0003_drops"]);
  });

  it("is refused, with the names and the cure, if one of the newer migrations is not compatible", async () => {
    await start(DROPPING);
    const refused = await start(OLD).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: "CONFLICT", details: { context: "orders", migration: "0002_drops", migrations: ["0002_drops"] } });
    expect((refused as Error).message).toBe(
      "A newer version has migrated the context orders, and this version is not compatible with: 0002_drops. Deploy a version that has these migrations. " +
        "If you know that this version can work with them: update \"orders\".holon_migrations set compatible = true where source = 'context' and name in ('0002_drops');",
    );
    await sql.unsafe(`update "orders".holon_migrations set compatible = true where source = 'context' and name in ('0002_drops')`);
    await start(OLD);
    expect(warnings).toEqual([{ context: "orders", source: "context", migrations: ["0001_adds", "0002_drops"] }]);
  });

  it("obeys the mark in the newer file", async () => {
    await start({ ...OLD, "0001_adds": `-- holon: not compatible: old versions would sum wrongly\n${ADDS}` });
    await expect(start(OLD)).rejects.toMatchObject({ code: "CONFLICT", details: { migrations: ["0001_adds"] } });
  });

  it("starts beside a drop that the newer file calls compatible", async () => {
    await start({ ...ADDING, "0002_drops": `-- holon: compatible: no version since 1.2 reads it\n${DROPS}` });
    await start(ADDING);
    expect(warnings).toEqual([{ context: "orders", source: "context", migrations: ["0002_drops"] }]);
  });

  it("gets a warning about its tables that the newer version changed, and starts if that migration is marked as compatible", async () => {
    const orders = pgSchema("orders").table("orders", { id: integer().primaryKey(), email: text() });
    await start({ ...ADDING, "0002_drops": `-- holon: compatible: no version since 1.2 reads it\n${DROPS}` });
    const folder = await folderOf(ADDING);
    const older = await migrate({ url: database.url, context: "orders", folder, tables: { orders }, log });
    expect(older.differences).toEqual([]);
    expect(warnings).toContainEqual({ context: "orders", differences: ["the column orders.email is missing"] });
    const newer = await migrate({
      url: database.url,
      context: "orders",
      tables: { orders },
      log,
      folder: await folderOf({ ...ADDING, "0002_drops": `-- holon: compatible: no version since 1.2 reads it\n${DROPS}` }),
    });
    expect(newer.differences).toEqual(["the column orders.email is missing"]);
  });

  it("starts without tables of its own", async () => {
    await start(ADDING);
    await migrate({ url: database.url, context: "orders", log });
    expect(warnings).toEqual([{ context: "orders", source: "context", migrations: ["0000_first", "0001_adds"] }]);
  });

  it("is refused if it has a migration of its own that did not run: it is not an older version, but another line", async () => {
    await start(ADDING);
    await expect(start({ ...OLD, "0001_other": "create table orders.other ()" })).rejects.toMatchObject({
      code: "CONFLICT",
      details: { migration: "0001_adds" },
    });
  });

  it("is refused if a file was edited, even if others are newer", async () => {
    await start(NEWEST);
    await expect(start({ ...OLD, "0001_adds": `${ADDS} -- edited` })).rejects.toMatchObject({
      code: "CONFLICT",
      details: { migration: "0001_adds" },
    });
  });

  it("applies the same rule to the toolkit's migrations", async () => {
    await start(OLD);
    const note = (name: string, ordinal: number, compatible: boolean) =>
      sql`insert into orders.holon_migrations (source, name, ordinal, hash, compatible) values ('holon', ${name}, ${ordinal}, 'x', ${compatible})`;
    await note("0900_later", 900, true);
    await start(OLD);
    expect(warnings).toEqual([{ context: "orders", source: "holon", migrations: ["0900_later"] }]);
    await note("0901_much_later", 901, false);
    await expect(start(ADDING)).rejects.toMatchObject({ code: "CONFLICT", details: { migrations: ["0901_much_later"] } });
    expect(Object.keys(await judgements()), "a version that is refused changes nothing").toEqual(["0000_first"]);
  });
});

const DROPPING_AFTER_NEWEST = { ...NEWEST, "0003_drops": DROPS };

describe("a version whose migration is not compatible", () => {
  it("logs that, and why, before it runs", async () => {
    await start(ADDING);
    await start(DROPPING);
    expect(warnings).toEqual([
      { context: "orders", migration: "0002_drops", because: ["alter table orders.orders drop column email: it changes or removes what is there"] },
    ]);
  });

  it("logs nothing on an empty database, where no older version runs", async () => {
    await start(DROPPING);
    expect(warnings).toEqual([]);
  });

  it("logs it before a statement that fails", async () => {
    await start(ADDING);
    await expect(start({ ...ADDING, "0002_bad": "drop table orders.nothing" })).rejects.toMatchObject({ code: "INTERNAL" });
    expect(warnings).toHaveLength(1);
  });
});

describe("a journal that was made before it noted what is compatible", () => {
  it("is extended, and the migrations that this version knows are judged", async () => {
    await startedFormerly(DROPPING);
    expect((await start(DROPPING)).applied).toEqual([]);
    expect(await judgements()).toEqual({ "0000_first": true, "0001_adds": true, "0002_drops": false });
    expect(warnings).toEqual([]);
  });

  it("prevents the start of an older version until the newer one has judged its migrations", async () => {
    await startedFormerly(ADDING);
    await expect(start(OLD)).rejects.toThrow(/not compatible with: 0001_adds \(the version that ran it did not say whether it is compatible\)/);
    await start(ADDING);
    await start(OLD);
    expect(warnings).toEqual([{ context: "orders", source: "context", migrations: ["0001_adds"] }]);
  });

  it("is made by the statements of that version, which still work on it", async () => {
    await sql.unsafe("create schema orders");
    await sql.unsafe(FORMER_JOURNAL);
    await sql.unsafe(`create table orders.orders (id integer primary key, email text)`);
    const first = toMigration("0000_first", FIRST);
    await sql.unsafe(FORMER_INSERT, ["context", first.name, 0, first.hash]);
    await start(OLD);
    const second = toMigration("0001_adds", ADDS);
    await sql.unsafe(ADDS);
    await sql.unsafe(FORMER_INSERT, ["context", second.name, 1, second.hash]);
    expect(await sql.unsafe(FORMER_SELECT, ["context"])).toEqual([
      { name: first.name, hash: first.hash },
      { name: second.name, hash: second.hash },
    ]);
    expect(await judgements()).toEqual({ "0000_first": true, "0001_adds": null });
    expect((await start(ADDING)).applied).toEqual([]);
    expect(await judgements()).toEqual({ "0000_first": true, "0001_adds": true });
  });

  it("is used unchanged by a login that may not extend it, with a warning", async () => {
    await startedFormerly(OLD);
    const login = `${database.name}_writer`;
    await sql.unsafe(`create role ${login} login password 'writer'; grant usage, create on schema orders to ${login}`);
    await sql.unsafe(`grant select, insert on orders.holon_migrations to ${login}; grant ${login} to current_user`);
    await sql.unsafe(`alter table orders.orders owner to ${login}`);
    const url = new URL(database.url);
    url.username = login;
    url.password = "writer";
    warnings = [];
    const result = await migrate({ url: url.href, context: "orders", folder: await folderOf(ADDING), role: null, log });
    expect(result.applied).toEqual(["0001_adds"]);
    expect(warnings).toEqual([{ context: "orders" }]);
    await start(ADDING);
    expect(await judgements()).toEqual({ "0000_first": true, "0001_adds": true });
    await sql.unsafe(`drop owned by ${login} cascade; drop role ${login}`);
  });
});

describe("old and new processes at once", () => {
  it("all start, on a journal that has to be extended, and each migration runs once", async () => {
    await startedFormerly(OLD);
    const folders = [await folderOf(OLD), await folderOf(NEWEST)];
    const started = Array.from(
      { length: 8 },
      (_, index) => startChild("./migrate/migrate-child.testing.ts", [database.url, folders[index % 2] as string]).said,
    );
    const results = await Promise.all(started);
    expect(results.map(({ failed }) => failed)).toEqual(Array(8).fill(undefined));
    expect(results.flatMap(({ applied }) => applied as string[]).toSorted()).toEqual(["0001_adds", "0002_indexes"]);
    expect(await judgements()).toEqual({ "0000_first": true, "0001_adds": true, "0002_indexes": true });
  });
});
