import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres, { type Sql } from "postgres";
import { quoteIdentifier, quoteLiteral } from "../../data/identifier.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { isClaimed } from "./folder-claim.ts";

/** A Postgres server for tests. */
export interface TestServer {
  /** Address with the owner's login; its database is not for tests. */
  readonly url: string;
  /** Stops it and removes its data, unless a database of it is kept. */
  stop(): Promise<void>;
  /** Keeps the data after `stop`. Returns where it is. */
  keep(): string;
}

/** A database for one test file. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Removes it with its roles, unless it is kept. */
  drop(): Promise<void>;
  /** Keeps it for looking at, as after a failed test. Returns where it is. */
  keep(): string;
}

/** A database that others are copied from. */
export interface TestTemplate {
  /** Names what is in it: a template is built once for each key on a server. */
  readonly key: string;
  build(url: string): Promise<void>;
}

/** How a test database is made. */
export interface TestDatabaseOptions {
  readonly server: TestServer;
  readonly template?: TestTemplate;
}

const FOLDER_PREFIX = "holon-test-";

/** How many servers of failed tests are kept for looking at, the newest ones. */
const KEPT_COUNT = 10;

/**
 * Starts a server for tests in a temporary folder: fast, since it gives up surviving a crash of the machine, and gone with this process, however
 * that ends. What killed processes left is removed, and what was kept, but for the newest.
 */
export async function startTestServer(): Promise<TestServer> {
  await removeLeftFolders();
  const folder = await mkdtemp(path.join(tmpdir(), FOLDER_PREFIX));
  // Where root may not make user namespaces, the server runs as a user who must be able to enter.
  await chmod(folder, 0o711);
  const server = await startEmbeddedPostgres({ folder, durable: false, autovacuum: false });
  let kept = false;
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      if (!kept) await rm(folder, { recursive: true, force: true });
    },
    keep: () => {
      kept = true;
      return folder;
    },
  };
}

/**
 * Makes a new database, empty or as a copy of a template.
 *
 * Roles are named after their database: migrate the copy too, which finds nothing to do but to make its roles.
 */
export async function createTestDatabase({ server, template }: TestDatabaseOptions): Promise<TestDatabase> {
  const name = `test_${randomBytes(5).toString("hex")}`;
  await withServer(server, async (sql) => {
    const source = template === undefined ? undefined : await ensureTemplate(sql, server, template);
    await sql.unsafe(`create database ${quoteIdentifier(name)}${source === undefined ? "" : ` template ${quoteIdentifier(source)}`}`);
  });
  let kept = false;
  return {
    name,
    url: databaseUrl(server, name),
    drop: async () => {
      if (!kept) await withServer(server, (sql) => dropDatabase(sql, name));
    },
    keep: () => {
      kept = true;
      return `database ${name} in ${server.keep()}`;
    },
  };
}

async function ensureTemplate(sql: Sql, server: TestServer, template: TestTemplate): Promise<string> {
  const name = `template_${createHash("sha256").update(template.key).digest("hex").slice(0, 10)}`;
  // Locks belong to a session of the server's first database: other files, in other processes, want the same template.
  await sql`select pg_advisory_lock(hashtext(${name}))`;
  try {
    const [found] = await sql<{ complete: boolean }[]>`select datistemplate as complete from pg_database where datname = ${name}`;
    if (found?.complete === true) return name;
    if (found !== undefined) await dropDatabase(sql, name);
    await sql.unsafe(`create database ${quoteIdentifier(name)}`);
    await template.build(databaseUrl(server, name));
    await sql.unsafe(`alter database ${quoteIdentifier(name)} with is_template true`);
    return name;
  } finally {
    await sql`select pg_advisory_unlock(hashtext(${name}))`;
  }
}

async function dropDatabase(sql: Sql, name: string): Promise<void> {
  await sql.unsafe(`drop database if exists ${quoteIdentifier(name)} with (force)`);
  const roles = await sql.unsafe<{ rolname: string }[]>(`select rolname from pg_roles where starts_with(rolname, ${quoteLiteral(`${name}_`)})`);
  for (const { rolname } of roles) await sql.unsafe(`drop role if exists ${quoteIdentifier(rolname)}`);
}

async function withServer<Result>(server: TestServer, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(server.url, { max: 1, onnotice: () => {}, fetch_types: false });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function databaseUrl(server: TestServer, name: string): string {
  const url = new URL(server.url);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/** A folder with the claim of a dead process was left by it; one with none was kept after a failure, or (no claims yet) is being made. */
async function removeLeftFolders(): Promise<void> {
  const kept: { readonly folder: string; readonly changedMs: number }[] = [];
  for (const name of await readdir(tmpdir())) {
    const folder = path.join(tmpdir(), name);
    const claims = name.startsWith(FOLDER_PREFIX) ? await readdir(path.join(folder, "claims")).catch(() => undefined) : undefined;
    if (claims === undefined || (await isClaimed(folder))) continue;
    if (claims.length > 0) await removeFolder(folder);
    else kept.push({ folder, changedMs: (await stat(folder).catch(() => undefined))?.mtimeMs ?? 0 });
  }
  kept.sort((one, other) => other.changedMs - one.changedMs);
  for (const { folder } of kept.slice(KEPT_COUNT)) await removeFolder(folder);
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => {}); // Another test process may be doing the same.
}
