import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres from "postgres";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answers, type Child, signal, startChild, until } from "../../data/child.testing.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { isAlive } from "./process-identity.ts";

let folder: string;
const open: EmbeddedPostgres[] = [];
const children: Child[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "holon-embedded-"));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill("SIGKILL");
    await child.ended;
  }
  for (const server of open.splice(0)) await server.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder, durable: false });
  open.push(server);
  return server;
}

function startInChild(uid?: number): Child {
  const child = startChild("../dev/postgres/embedded-child.testing.ts", [folder], uid === undefined ? {} : { uid });
  children.push(child);
  return child;
}

async function killed(child: Child): Promise<void> {
  child.process.kill("SIGKILL");
  await child.ended;
}

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Processes whose command line names the test's folder. */
function processesOfFolder(): number[] {
  const ids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return ids.filter((pid) => {
    try {
      return pid !== process.pid && isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
    } catch {
      return false;
    }
  });
}

/** The process that started a server and watches its owner. */
function guardOf(pid: number): number {
  return Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }));
}

function postmaster(): number {
  return Number.parseInt(readFileSync(path.join(folder, "data", "postmaster.pid"), "utf8"), 10);
}

describe("an embedded server", () => {
  it("keeps its data from one start to the next", async () => {
    const first = await start();
    await ask(first.url, "create table kept as select 42 as answer");
    await first.stop();
    const second = await start();
    expect(await ask(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
  });

  it("needs its password and listens on this machine only", async () => {
    const server = await start();
    const stranger = new URL(server.url);
    stranger.password = "guessed";
    await expect(ask(stranger.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    expect(await ask(server.url, "show listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
    expect(await ask(server.url, "show unix_socket_directories")).toEqual([{ unix_socket_directories: "" }]);
  });

  it("vacuums by itself, also if it need not survive a crash of the machine", async () => {
    const server = await start();
    expect(await ask(server.url, "show autovacuum")).toEqual([{ autovacuum: "on" }]);
    expect(await ask(server.url, "show fsync")).toEqual([{ fsync: "off" }]);
  });

  it("refuses a second start of its folder, naming process and port", async () => {
    const server = await start();
    await expect(startEmbeddedPostgres({ folder })).rejects.toMatchObject({ code: "CONFLICT", details: { pid: process.pid, port: server.port } });
    const other = await startInChild().said;
    expect(other["refused"]).toMatchObject({ code: "CONFLICT", details: { pid: process.pid, port: server.port } });
  });

  it("is started by one of several that begin at the same moment", async () => {
    const attempts = await Promise.allSettled([start(), start(), start(), start()]);
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(attempts.flatMap((attempt) => (attempt.status === "rejected" ? [(attempt.reason as { code: string }).code] : []))).toEqual([
      "CONFLICT",
      "CONFLICT",
      "CONFLICT",
    ]);
  });

  it("says which port is taken", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as { port: number };
    await expect(startEmbeddedPostgres({ folder, port, durable: false })).rejects.toMatchObject({ code: "CONFLICT", details: { port } });
    holder.close();
    expect(processesOfFolder()).toEqual([]);
  });

  it("releases its folder when it stops, and stops only once", async () => {
    const server = await start();
    await Promise.all([server.stop(), server.stop()]);
    expect(await answers(server.port)).toBe(false);
    expect(readdirSync(path.join(folder, "claims"))).toEqual([]);
    await start();
  });

  it("has a session of its own, so that Ctrl-C reaches its owner only", async () => {
    const server = await start();
    const session = (pid: number) => execFileSync("ps", ["-o", "sid=", "-p", String(pid)], { encoding: "utf8" }).trim();
    expect(session(server.pid)).not.toBe(session(process.pid));
  });
});

describe("after kill -9", () => {
  it("of its owner, neither the server nor its port is left", async () => {
    const child = startInChild();
    const { pid, port } = (await child.said) as { pid: number; port: number };
    await killed(child);
    await until(() => !isAlive(pid));
    await until(() => processesOfFolder().length === 0);
    expect(await answers(port)).toBe(false);
  });

  it("of its owner, the folder can be started at once", async () => {
    const child = startInChild();
    const { url } = (await child.said) as { url: string };
    await ask(url, "create table kept as select 7 as answer");
    await killed(child);
    const server = await start();
    expect(await ask(server.url, "select answer from kept")).toEqual([{ answer: 7 }]);
  });

  it("of its owner and its guard, the next start stops the server that was left and takes over", async () => {
    const child = startInChild();
    const { pid } = (await child.said) as { pid: number };
    process.kill(guardOf(pid), "SIGKILL");
    await killed(child);
    expect(isAlive(pid)).toBe(true);
    const server = await start();
    expect(server.pid).not.toBe(pid);
    expect(isAlive(pid)).toBe(false);
  });

  it("of its guard only, it still stops with its owner", async () => {
    const server = await start();
    const guard = guardOf(server.pid);
    process.kill(guard, "SIGKILL");
    await until(() => !isAlive(guard));
    expect(isAlive(server.pid)).toBe(true);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });

  it("of the server itself, the next start recovers its data and its stale lock", async () => {
    const first = await start();
    await ask(first.url, "create table kept as select 9 as answer");
    process.kill(first.pid, "SIGKILL");
    await first.stop();
    expect(existsSync(path.join(folder, "data", "postmaster.pid"))).toBe(true);
    const second = await start();
    expect(await ask(second.url, "select answer from kept")).toEqual([{ answer: 9 }]);
  });

  it("of the server while it is used, it is started again each time, on its port and with its data", async () => {
    const errors: string[] = [];
    const log: Logger = { ...silentLogger, error: (_fields, message) => void errors.push(message) };
    const server = await startEmbeddedPostgres({ folder, durable: false, log });
    open.push(server);
    await ask(server.url, "create table kept as select 11 as answer");
    for (const kill of [1, 2]) {
      const { pid } = server;
      const session = expect(ask(server.url, "select pg_sleep(60)")).rejects.toThrow();
      await until(async () => (await ask(server.url, "select from pg_stat_activity where wait_event = 'PgSleep'")).length > 0);
      process.kill(postmaster(), "SIGKILL");
      await session;
      await until(() => server.pid !== pid);
      expect(await ask(server.url, "select answer from kept")).toEqual([{ answer: 11 }]);
      expect(server.pid).toBe(postmaster());
      expect(errors).toEqual(Array(kill).fill("The embedded database died and is started again."));
    }
    await server.stop();
    await until(() => processesOfFolder().length === 0);
    expect(await answers(server.port)).toBe(false);
  });

  it.runIf(process.platform === "linux")("of the server, a session that goes on computing does not prevent the next start", async () => {
    const server = await start();
    const { pid } = server;
    const computing = expect(ask(server.url, "select count(*) from generate_series(1, 1000000000) a where md5(a::text) = 'x'")).rejects.toThrow();
    await until(async () => (await ask(server.url, "select from pg_stat_activity where state = 'active' and query like '%md5%'")).length > 1);
    process.kill(pid, "SIGKILL");
    await until(() => server.pid !== pid);
    await computing;
    expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("of the server, a stop while it is started again leaves no process", async () => {
    const died = signal();
    const server = await startEmbeddedPostgres({ folder, durable: false, log: { ...silentLogger, error: () => died.resolve() } });
    open.push(server);
    process.kill(server.pid, "SIGKILL");
    await died.promise;
    await server.stop();
    await until(() => processesOfFolder().length === 0);
    expect(readdirSync(path.join(folder, "claims"))).toEqual([]);
  });

  it("of the server and then of its owner, the restarted server is gone as well", async () => {
    const child = startInChild();
    const { pid, url } = (await child.said) as { pid: number; url: string };
    process.kill(pid, "SIGKILL");
    await until(() => ask(url, "select 1").then(Boolean, () => false));
    expect(postmaster()).not.toBe(pid);
    await killed(child);
    await until(() => processesOfFolder().length === 0);
  });

  it("in the middle of making the data folder, the next start makes it anew", async () => {
    const child = startInChild();
    const begun = () => readdirSync(folder, { recursive: true, encoding: "utf8" }).some((file) => path.basename(file) === "PG_VERSION");
    await until(begun);
    await killed(child);
    expect(existsSync(path.join(folder, "data"))).toBe(false);
    const server = await start();
    expect(await ask(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await until(() => processesOfFolder().every((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(path.join(folder, "data"))));
  });
});

describe.runIf(process.getuid?.() === 0)("started by a normal user", () => {
  it("runs as that user", async () => {
    await chmod(folder, 0o777);
    const { pid } = (await startInChild(65_534).said) as { pid: number };
    expect(execFileSync("ps", ["-o", "uid=", "-p", String(pid)], { encoding: "utf8" }).trim()).toBe("65534");
  });
});
