import { createTestDatabase, type TestDatabase } from "holon/testing";
import { afterEach, expect, test } from "vitest";
import { ask, eventually, type FixtureProcess, freePort, freshFolder, isAlive, runFixture, tell } from "./fixture/run.ts";

const started: FixtureProcess[] = [];
const databases: TestDatabase[] = [];

function run(...args: Parameters<typeof runFixture>): FixtureProcess {
  const running = runFixture(...args);
  started.push(running);
  return running;
}

afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
  for (const database of databases.splice(0)) await database.drop();
});

/** How a process ended; undefined while it runs. */
function endOf({ exitCode, signalCode }: FixtureProcess["child"]): string | undefined {
  return exitCode === null && signalCode === null ? undefined : `ended by ${exitCode ?? signalCode}`;
}

async function anyPorts(): Promise<Record<string, string>> {
  return { PORT: String(await freePort()), HOLON_MESH_PORT: String(await freePort()), HOLON_OPS_PORT: String(await freePort()) };
}

test("an app starts on embedded defaults, answers, and exits 0 on SIGTERM with no process left", async () => {
  const env = await anyPorts();
  const running = run(env);
  const port = Number(env["PORT"]);
  await eventually("the fixture answers", () => ask(port, "stock.taken", { name: "tea" }));
  expect(await tell(port, "sales.sell", { name: "tea" })).toMatchObject({ status: 200, body: { result: { data: { taken: 1 } } } });
  expect(running.output()).toContain("fixture is ready");
  running.child.kill("SIGTERM");
  expect(await running.ended).toBe(0);
});

test("an app keeps its data if it is killed and started again in the same folder", async () => {
  const folder = freshFolder();
  const env = await anyPorts();
  const port = Number(env["PORT"]);
  const first = run(env, "start", folder);
  await eventually("the fixture answers", () => ask(port, "stock.taken", { name: "tea" }));
  await tell(port, "sales.sell", { name: "tea" });
  first.child.kill("SIGKILL");
  await first.ended;
  run(env, "start", folder);
  expect(await eventually("the fixture answers again", () => ask(port, "stock.taken", { name: "tea" }))).toMatchObject({ taken: 1 });
});

test("an app refuses a second start in the same folder, naming the process that holds it", async () => {
  const folder = freshFolder();
  const env = await anyPorts();
  const first = run(env, "start", folder);
  await eventually("the fixture answers", () => ask(Number(env["PORT"]), "stock.taken", { name: "tea" }));
  const second = run(await anyPorts(), "start", folder);
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(String(first.child.pid));
});

test("an app lists every fault of a bad configuration at once, exits 2 and opens no port", async () => {
  const env: Record<string, string> = {
    ...(await anyPorts()),
    HOLON_CONTEXTS: "stok",
    HOLON_ROLES: "egde",
    DATABASE_URL: "mysql://user:hunter2@host/db",
    HOLON_CONTEXT: "stock",
  };
  const running = run(env);
  expect(await running.ended).toBe(2);
  for (const name of ["HOLON_CONTEXTS", "HOLON_ROLES", "DATABASE_URL", "HOLON_CONTEXT"]) expect(running.output()).toContain(name);
  expect(running.output()).not.toContain("hunter2");
  await expect(fetch(`http://127.0.0.1:${env["PORT"]}/healthz`)).rejects.toThrow();
});

test("an app ends if it could not start, even if something else keeps its process alive", async () => {
  const alive = `--import "data:text/javascript,setInterval(() => {}, 1e6)"`;
  const running = run({
    ...(await anyPorts()),
    DATABASE_URL: `postgres://nobody@127.0.0.1:${await freePort()}/none`,
    HOLON_LIMIT_START_PATIENCE_MS: "500",
    NODE_OPTIONS: alive,
  });
  expect(await running.ended).toBe(1);
  expect(running.output()).toContain("could not start: The database cannot be reached");
});

test("an app finishes the calls in flight when it is stopped", async () => {
  const env = await anyPorts();
  const running = run(env);
  const port = Number(env["PORT"]);
  await eventually("the fixture answers", () => ask(port, "stock.taken", { name: "tea" }));
  const slow = ask(port, "stock.wait", { ms: 1_500 });
  await eventually(
    "the call is in flight",
    async () =>
      /holon_calls_running\{context="stock"\} 1/.test(await (await fetch(`http://127.0.0.1:${env["HOLON_OPS_PORT"]}/metrics`)).text()) || undefined,
  );
  running.child.kill("SIGTERM");
  expect(await slow).toEqual({ waited: true });
  expect(await running.ended).toBe(0);
});

test("ten processes start at once on an empty database: all answer, and each migration ran once", async () => {
  const database = await createTestDatabase();
  databases.push(database);
  // The processes choose free ports themselves: a port that was free before ten processes have started may be taken by then.
  const ports = { PORT: "0", HOLON_MESH_PORT: "0", HOLON_OPS_PORT: "0" };
  const processes = Array.from({ length: 10 }, () => run({ ...ports, DATABASE_URL: database.url }));
  for (const { child, output } of processes) {
    const port = await eventually(
      "a process says where it answers, or ends",
      () => /edge +http:\/\/127\.0\.0\.1:(\d+)/.exec(output())?.[1] ?? endOf(child),
    );
    expect(port, output()).toMatch(/^\d+$/);
    await eventually("every process answers", () => ask(Number(port), "stock.taken", { name: "tea" }));
  }
  const migrated = processes.flatMap(({ output }) => output().match(/"migration":"0000_items"/g) ?? []);
  expect(migrated).toHaveLength(1);
  for (const { child } of processes) expect(await isAlive(child.pid as number)).toBe(true);
}, 240_000);
