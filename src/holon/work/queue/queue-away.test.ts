import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres from "postgres";
import { expect, it } from "vitest";
import { openSilentProxy } from "../../data/silent-proxy.testing.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../dev/postgres/embedded-postgres.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { createQueueBackend } from "./bull-backend.ts";

async function isAway({ url }: EmbeddedPostgres): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2 });
  try {
    await sql`select 1`;
    return false;
  } catch {
    return true;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

// Seen red without `waitUntilReady` and `pauseAfterFailures` of the worker: the worker never works again, and keeps a whole core busy.
it("a worker that is opened while Postgres is away does not end its process, and works when Postgres is back", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "holon-away-"));
  const server = await startEmbeddedPostgres({ folder, durable: false });
  const backend = await createQueueBackend({ kind: "postgres", url: server.url }, { log: silentLogger, clock: systemClock, prefix: "away" });
  try {
    process.kill(server.pid, "SIGKILL");
    await expect.poll(() => isAway(server), { interval: 1 }).toBe(true);
    const ran: string[] = [];
    backend.work("late", { concurrency: 2 }, async ({ id }) => void ran.push(id));
    await expect.poll(() => isAway(server)).toBe(false);
    await expect.poll(() => backend.add("late", [{ id: "one", name: "x", data: {} }]).then(() => true)).toBe(true);
    await expect.poll(() => ran).toEqual(["one"]);
  } finally {
    await backend.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

it("a Postgres that is connected and sends nothing is counted as away, until it answers again", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "holon-silent-"));
  const server = await startEmbeddedPostgres({ folder, durable: false });
  const proxy = await openSilentProxy(server.url);
  const backend = await createQueueBackend({ kind: "postgres", url: proxy.url }, { log: silentLogger, clock: systemClock, prefix: "silent" });
  try {
    await backend.add("letters", [{ id: "one", name: "x", data: {} }]);
    expect(backend.reachable).toBe(true);
    proxy.silence();
    await expect.poll(() => backend.reachable).toBe(false);
    proxy.speak();
    await expect.poll(() => backend.reachable).toBe(true);
  } finally {
    proxy.speak();
    await backend.close();
    proxy.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
