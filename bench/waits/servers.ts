import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startEmbeddedPostgres } from "../../src/holon/dev/postgres/embedded-postgres.ts";
import { endWithUs } from "../../src/holon/dev/postgres/guarded-process.ts";
import { createTestDatabase, type TestDatabase, type TestServer } from "../../src/holon/dev/postgres/test-database.ts";
import { freePort } from "../free-port.ts";
import type { Places } from "./contender.ts";

/** The Redis and the Postgres of a run. */
export interface Servers {
  /** Makes a database for one contender. Shape: its address, and that of the Redis. */
  open(): Promise<Places>;
  close(): Promise<void>;
}

/** Whether this machine has a Redis. */
export function hasRedis(): boolean {
  return spawnSync("redis-server", ["--version"]).status === 0;
}

/**
 * Starts a Redis with its default configuration and the embedded Postgres, both on free ports of the loopback. If `durable`, commits wait for the
 * disk, as in production; if not, commits cost next to nothing, so that only the processes are measured.
 */
export async function startServers(durable: boolean): Promise<Servers> {
  if (!hasRedis()) throw new TypeError("there is no redis-server on this machine: apt-get install redis-server");
  const folder = mkdtempSync(join(tmpdir(), "holon-bench-redis-"));
  const port = await freePort();
  const redisUrl = `redis://127.0.0.1:${port}`;
  const redis = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder], { stdio: "ignore" });
  endWithUs(redis);
  await answers(redisUrl);
  const server = await startPostgres(durable);
  const databases: TestDatabase[] = [];
  return {
    async open() {
      const database = await createTestDatabase({ server });
      databases.push(database);
      return { redisUrl, databaseUrl: database.url };
    },
    async close() {
      await end(redis);
      for (const database of databases) await database.drop();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startPostgres(durable: boolean): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "holon-bench-postgres-"));
  // If root may not make user namespaces, the server runs as another user, and that user must be able to enter the folder.
  chmodSync(folder, 0o711);
  const server = await startEmbeddedPostgres({ folder, durable });
  return {
    url: server.url,
    keep: () => folder,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on("error", () => {});
  await redis.ping();
  redis.disconnect();
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
