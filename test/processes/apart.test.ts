import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ask, eventually, type FixtureProcess, freePort, isAlive, runFixture, runSupervisedFixture, tell } from "./fixture/run.ts";

const started: FixtureProcess[] = [];

async function startApart(): Promise<{ readonly port: number; readonly supervisor: FixtureProcess }> {
  const port = await freePort();
  const supervisor = runFixture({ PORT: String(port) }, "apart");
  started.push(supervisor);
  await eventually("both contexts answer", async () => (await tell(port, "sales.sell", { name: "warm-up" })).status === 200 || undefined).catch(
    (cause) => {
      throw new Error(`the fixture did not start apart:\n${supervisor.output()}`, { cause });
    },
  );
  return { port, supervisor };
}

/** The ids of all descendants of a process. */
async function descendants(pid: number): Promise<number[]> {
  const { readdir, readFile } = await import("node:fs/promises");
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields.length > 1) parents.set(Number(name), Number(fields[1]));
  }
  const isBelow = (child: number): boolean => {
    const parent = parents.get(child);
    return parent === pid || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

test("the same app runs as an edge and one process a context", async () => {
  const { port, supervisor } = await startApart();
  expect(await tell(port, "sales.sell", { name: "tea" })).toMatchObject({ status: 200, body: { result: { data: { taken: 1 } } } });
  const answer = await ask(port, "stock.taken", { name: "tea" });
  expect(answer).toMatchObject({ taken: 1 });
  expect(answer?.["pid"]).not.toBe(supervisor.child.pid);
});

test("a killed process fails only the calls that need it, with a typed error, and is started again", async () => {
  const { port } = await startApart();
  const { pid } = (await ask(port, "stock.taken", { name: "tea" })) as { pid: number };
  process.kill(pid, "SIGKILL");
  // The signal takes a moment, in which a call may still be answered.
  await eventually("it is dead", async () => !(await isAlive(pid)) || undefined);
  const refused = await tell(port, "sales.sell", { name: "tea" });
  expect(refused).toMatchObject({ status: 503, body: { error: { data: { code: "UNAVAILABLE" } } } });
  const again = await eventually("stock answers again", () => ask(port, "stock.taken", { name: "tea" }));
  expect(again["pid"]).not.toBe(pid);
  // Each process reconnects by itself, so the edge may have reconnected before the other process has.
  await eventually("it is sold again", async () => (await tell(port, "sales.sell", { name: "tea" })).status === 200 || undefined);
});

test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("the command apart leaves no process and no port when it is stopped by %s", async (signal) => {
  const { port, supervisor } = await startApart();
  const family = await descendants(supervisor.child.pid as number);
  expect(family.length).toBeGreaterThan(3);
  supervisor.child.kill(signal);
  await supervisor.ended;
  await eventually("all descendants are gone", async () => (await Promise.all(family.map(isAlive))).every((alive) => !alive) || undefined);
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
});

test("a process ends if its supervisor goes away while it starts, although the database never answers", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  const { port } = await eventually("a database that says nothing", () => (silent.address() as { port: number } | null) ?? undefined);
  const process = runSupervisedFixture({ PORT: "0", DATABASE_URL: `postgres://holon@127.0.0.1:${port}/holon` });
  started.push(process);
  await eventually("it asks the database", () => sockets.length > 0 || undefined);
  process.child.disconnect();
  expect(await process.ended).toBe(1);
  expect(process.output()).not.toContain("could not start");
  for (const socket of sockets) socket.destroy();
  silent.close();
});

/** P25 requires 50 stops at any moment; `.ci/full` runs them all. */
const ROUNDS = Math.max(1, Math.round(50 * Number(process.env["HOLON_FAULT_SCALE"] ?? 0.04)));
const SEED = process.env["TEST_SEED"] ?? String(process.pid);

test(`apart leaves no process if it is killed at any moment of its start, ${ROUNDS} times, seed ${SEED}`, { timeout: ROUNDS * 30_000 }, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const moment = createHash("sha256").update(`${SEED}/${round}`).digest().readUInt16BE() % 4_000;
    const supervisor = runFixture({ PORT: String(await freePort()) }, "apart");
    started.push(supervisor);
    const family = new Set<number>();
    const endMs = performance.now() + moment;
    await eventually("the moment to kill", async () => {
      for (const pid of await descendants(supervisor.child.pid as number)) family.add(pid);
      return performance.now() >= endMs || undefined;
    });
    supervisor.child.kill(round % 3 === 2 ? "SIGTERM" : "SIGKILL");
    await supervisor.ended;
    await eventually("all descendants are gone", async () => (await Promise.all([...family].map(isAlive))).every((alive) => !alive) || undefined);
  }
});
