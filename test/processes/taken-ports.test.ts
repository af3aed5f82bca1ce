import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { freePort, freshFolder, runFixture } from "./fixture/run.ts";

const NAMES = ["PORT", "HOLON_MESH_PORT", "HOLON_OPS_PORT"] as const;
const servers: Server[] = [];

/** A port that this process listens on. */
async function takenPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return String((server.address() as AddressInfo).port);
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** The output and the exit code of a process that could not start. */
async function failedStart(env: Record<string, string>, command = "start") {
  const folder = freshFolder();
  const running = runFixture(env, command, folder);
  const exitCode = await running.ended;
  const named = NAMES.filter((name) => new RegExp(`(?<![A-Z_])${name}(?![A-Z_])`).test(running.output()));
  return { exitCode, named, output: running.output(), hasDatabase: existsSync(path.join(folder, ".holon")) };
}

test.each(NAMES)("a start whose %s is taken names this variable and the process that holds the port, before any database", async (name) => {
  const env = { PORT: "0", HOLON_MESH_PORT: "0", HOLON_OPS_PORT: "0", [name]: await takenPort() };
  const { exitCode, named, output, hasDatabase } = await failedStart(env);
  expect(exitCode).toBe(1);
  expect(named, output).toEqual([name]);
  expect(output).toContain(`${name} ${env[name]} is taken by process ${process.pid}`);
  expect(hasDatabase, "a database was made").toBe(false);
});

test("a start names all taken ports at once", async () => {
  const env = { PORT: await takenPort(), HOLON_MESH_PORT: await takenPort(), HOLON_OPS_PORT: await takenPort() };
  const { exitCode, output } = await failedStart(env);
  expect(exitCode).toBe(1);
  for (const name of NAMES) expect(output).toContain(`${name} ${env[name]} is taken`);
});

test("the command apart names the taken port of its edge before any database or process is started", async () => {
  const env = { PORT: await takenPort() };
  const { exitCode, named, output, hasDatabase } = await failedStart(env, "apart");
  expect(exitCode).toBe(1);
  expect(named, output).toEqual(["PORT"]);
  expect(output).toContain(`PORT ${env.PORT} is taken by process ${process.pid}`);
  expect(output).not.toContain("process started");
  expect(hasDatabase, "a database was made").toBe(false);
});

test("a start names the variable of an address that this machine does not have", async () => {
  const { exitCode, output, hasDatabase } = await failedStart({ PORT: String(await freePort()), HOLON_OPS_PORT: "0", HOLON_OPS_HOST: "192.0.2.1" });
  expect(exitCode).toBe(1);
  expect(output).toContain("HOLON_OPS_HOST 192.0.2.1 is not an address of this machine.");
  expect(hasDatabase, "a database was made").toBe(false);
});
