import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres, { type Sql } from "postgres";
import { startEmbeddedPostgres } from "../../../src/holon/dev/postgres/embedded-postgres.ts";
import { waitUntil } from "./wait.ts";

/** A Postgres for one fault test. */
export interface FaultPostgres {
  /** Makes a database. Returns its URL, with the owner's login. */
  createDatabase(name: string): Promise<string>;
  /** Kills the server with SIGKILL, and starts it again at once, as a service manager would. Resolves when it answers. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Postgres whose data survives a crash of the server, but not a crash of the machine. */
export async function startFaultPostgres(): Promise<FaultPostgres> {
  const folder = await mkdtemp(path.join(tmpdir(), "holon-faults-"));
  await chmod(folder, 0o711);
  const server = await startEmbeddedPostgres({ folder, durable: false });
  return {
    async createDatabase(name) {
      const sql = postgres(server.url, { max: 1, onnotice: () => {} });
      await sql.unsafe(`create database ${name}`);
      await sql.end();
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    async restart() {
      const { pid } = server;
      process.kill(pid, "SIGKILL");
      await waitUntil("Postgres is there again", async () => server.pid !== pid && (await answers(server.url)));
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const sql = connect(url);
  try {
    await sql`select 1`;
    return true;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** A few connections with the owner's login, for checks. */
export function connect(url: string): Sql {
  return postgres(url, { max: 3, onnotice: () => {}, fetch_types: false, idle_timeout: 5 });
}
