import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createTestDatabase, type TestDatabase } from "holon/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/holon/dev/postgres/embedded-postgres.ts";
import { ask, eventually, type FixtureProcess, freePort, runFixture } from "./fixture/run.ts";

const started: FixtureProcess[] = [];

/** Runs the fixture with these variables, and with free ports for the others. */
function run(env: Record<string, string>): FixtureProcess {
  const running = runFixture({ HOLON_MESH_PORT: "0", HOLON_OPS_PORT: "0", PORT: "0", ...env });
  started.push(running);
  return running;
}

afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

describe("a Postgres that is started after its processes", () => {
  let folder: string;
  let server: EmbeddedPostgres | undefined;

  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("is waited for, and the log names it", async () => {
    folder = await mkdtemp(path.join(tmpdir(), "holon-late-"));
    const port = await freePort();
    // The cluster is made first, so that its password is known.
    const made = await startEmbeddedPostgres({ folder, port, database: "late", durable: false });
    await made.stop();
    const publicPort = await freePort();
    const running = run({ DATABASE_URL: made.url, PORT: String(publicPort) });
    const waits = () =>
      running
        .output()
        .split("\n")
        .filter((line) => line.includes("the start waits for a database"));
    await eventually("the start waits, or ends", () => waits().length >= 2 || running.child.exitCode !== null || undefined);
    expect(running.child.exitCode, running.output()).toBeNull();
    expect(waits()[0]).toContain(`DATABASE_URL`);
    expect(waits()[0]).toContain(`127.0.0.1:${port}/late`);
    expect(running.output()).not.toContain(new URL(made.url).password);
    server = await startEmbeddedPostgres({ folder, port, database: "late", durable: false });
    expect(await eventually("the fixture answers", () => ask(publicPort, "stock.taken", { name: "tea" }))).toMatchObject({ taken: 0 });
  });
});

describe("an address that the server refuses", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const wrong = (parts: Partial<URL>): string => Object.assign(new URL(database.url), parts).href;

  test.each([
    ["with a wrong password", "DATABASE_URL", { password: "hunter2" }, /password authentication failed/],
    ["with an unknown login", "DATABASE_URL", { username: "nobody_at_all", password: "hunter2" }, /nobody_at_all/],
    ["with an unknown database", "DATABASE_URL", { pathname: "/not_there" }, /database "not_there" does not exist/],
    ["of one context's own", "HOLON_STOCK_DATABASE_URL", { pathname: "/not_there" }, /database "not_there" does not exist/],
  ])("%s ends the start at once, with the variable and without the password", async (_what, variable, parts, problem) => {
    const running = run({ DATABASE_URL: database.url, [variable]: wrong(parts) });
    expect(await running.ended).toBe(2);
    expect(running.output()).toMatch(problem);
    expect(running.output()).toContain(`${variable} `);
    expect(running.output()).not.toContain("the start waits");
    expect(running.output()).not.toContain("hunter2");
    expect(running.output()).not.toContain(new URL(database.url).password);
  });

  test("of a server that does not run ends the start after HOLON_LIMIT_START_PATIENCE_MS", async () => {
    const url = wrong({ port: "1" });
    const running = run({ DATABASE_URL: url, HOLON_LIMIT_START_PATIENCE_MS: "2000" });
    expect(await running.ended).toBe(1);
    expect(running.output()).toContain("could not start: The database cannot be reached: DATABASE_URL");
  });
});
