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
  /** Address with the owner's login. The database that it names is not for tests. */
  readonly url: string;
  /** Stops the server and removes its data, unless one of its databases is kept. */
  stop(): Promise<void>;
  /** Keeps the data after `stop`. Returns its folder. */
  keep(): string;
}

/** A database for one test file. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Removes the database with its roles, unless it is kept. */
  drop(): Promise<void>;
  /** Keeps the database so that it can be inspected, such as after a failed test. Returns its name and its folder. */
  keep(): string;
}

/** A database from which test databases are copied. */
interface TestTemplate {
  /** The name of the template's content. A template is made once for each key on a server. */
  readonly key: string;
  build(url: string): Promise<void>;
}

const FOLDER_PREFIX = "holon-test-";

/** How many servers of failed tests are kept for inspection. The newest ones are kept. */
const KEPT_COUNT = 10;

/**
 * Starts a server for tests in a temporary folder. It is fast, because its data may be lost in a crash of the machine. It ends with this process, however this
 * process ends. Folders that killed processes left are removed. Kept folders are removed too, except the newest.
 */
export async function startTestServer(): Promise<TestServer> {
  await removeLeftFolders();
  const folder = await mkdtemp(path.join(tmpdir(), FOLDER_PREFIX));
  // If root may not make user namespaces, the server runs as a user that must be able to enter the folder.
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
 * Roles are named after their database, so migrate the copy too. That migration only makes the copy's roles.
 */
export async function createTestDatabase({
  server,
  template,
}: {
  readonly server: TestServer;
  readonly template?: TestTemplate;
}): Promise<TestDatabase> {
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
  // The lock is held in the server's first database, because test files in other processes may need the same template.
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

/**
 * Removes folders of earlier runs. A folder with the claim of a dead process was left by that process. A folder without claims was kept after a failure. A
 * folder in which the claims folder is missing is still being made, and stays.
 */
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
  await rm(folder, { recursive: true, force: true }).catch(() => {}); // The removal may fail because another test process removes the same folder.
}
