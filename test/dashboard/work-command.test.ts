import { fileURLToPath } from "node:url";
import { createTestDatabase, type TestDatabase } from "holon/testing";
import { afterEach, describe, expect, test } from "vitest";
import { eventually, type FixtureProcess, freePort, freshFolder, runProgram, tell } from "../processes/fixture/run.ts";

const MAIN = fileURLToPath(new URL("fixture/main.ts", import.meta.url));
const started: FixtureProcess[] = [];
const databases: TestDatabase[] = [];

afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
  for (const database of databases.splice(0)) await database.drop();
});

/** Starts the app, and waits until it answers. Returns its public port. */
async function start(env: Record<string, string>, folder: string): Promise<{ readonly port: number; readonly running: FixtureProcess }> {
  const port = await freePort();
  const running = runProgram(MAIN, ["start"], { ...env, PORT: String(port), HOLON_MESH_PORT: "0", HOLON_OPS_PORT: "0" }, folder);
  started.push(running);
  await eventually("the app is ready", () => running.output().includes("operations"));
  return { port, running };
}

/** Runs the command `work` to its end. */
async function work(
  env: Record<string, string>,
  folder: string,
  ...args: string[]
): Promise<{ readonly code: number | string; readonly output: string }> {
  const command = runProgram(MAIN, ["work", ...args], env, folder);
  started.push(command);
  const code = await command.ended;
  return { code, output: command.output() };
}

const failedId = (output: string): string | undefined => /([0-9a-f-]{36}) +send +1 +TypeError: the letter to (\w+) is lost/.exec(output)?.[1];

describe.each([
  ["a database of its own", true],
  ["the embedded database", false],
])("the command work, on %s", (_where, isServer) => {
  async function place(): Promise<{ readonly env: Record<string, string>; readonly folder: string }> {
    const folder = freshFolder();
    if (!isServer) return { env: {}, folder };
    const database = await createTestDatabase();
    databases.push(database);
    return { env: { DATABASE_URL: database.url }, folder };
  }

  test("lists a job that failed for good and runs it again, while the app runs and while it does not", async () => {
    const { env, folder } = await place();
    const first = await start(env, folder);
    await eventually("a letter is posted", () => tell(first.port, "letters.post", { to: "ada" }).then(({ status }) => status === 200 || undefined));
    const id = await eventually("the job is listed as failed", async () => failedId((await work(env, folder, "list")).output));
    const rerun = await work(env, folder, "rerun", "letters", id);
    expect(rerun).toEqual({ code: 0, output: `${id} of letters runs again.\n` });
    expect(await work(env, folder, "rerun", "letters", id)).toEqual({ code: 1, output: `Nothing to rerun in letters has the id ${id}.\n` });

    await tell(first.port, "letters.post", { to: "bob" });
    const second = await eventually("the second job is listed as failed", async () => failedId((await work(env, folder)).output));
    first.running.child.kill("SIGTERM");
    expect(await first.running.ended).toBe(0);
    expect((await work(env, folder, "rerun", "letters", second)).code).toBe(0);
    expect((await work(env, folder)).output).toMatch(/letters +0 +0 +0 +0 +1 +0 +0 +0/);
    await start(env, folder);
    await eventually("the second letter is sent", async () => /letters +0 +0 +0 +0 +0 +0 +0 +0/.test((await work(env, folder)).output) || undefined);
  });
});

describe("the command work", () => {
  test.each([
    ["a word that it does not know", ["drop"]],
    ["a decision without an id", ["rerun", "letters"]],
    ["too many words", ["rerun", "letters", "1", "2"]],
  ])("refuses %s in one line that names the help, and exits 2", async (_what, args) => {
    const { code, output } = await work({ DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" }, freshFolder(), ...args);
    expect([code, output]).toEqual([2, expect.stringMatching(/^"work .*" is not understood\. --help shows what there is\.\n$/)]);
  });

  test("says that there is no database, and makes none", async () => {
    const { code, output } = await work({}, freshFolder());
    expect([code, output]).toEqual([1, expect.stringContaining("start the app once")]);
  });

  test("says that a database has nothing of the app yet", async () => {
    const database = await createTestDatabase();
    databases.push(database);
    const { code, output } = await work({ DATABASE_URL: database.url }, freshFolder());
    expect([code, output]).toEqual([1, expect.stringContaining("start the app once")]);
  });
});
