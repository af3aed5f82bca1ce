import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isAlive } from "./process-identity.ts";
import { clearPostmaster } from "./server-process.ts";

let data: string;

beforeEach(async () => {
  data = await mkdtemp(path.join(tmpdir(), "holon-postmaster-"));
});

afterEach(() => rm(data, { recursive: true, force: true }));

describe("a pid file left by a server that is gone", () => {
  it("is removed, and another program with its process id is left alone", async () => {
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "postgres", "-D", data, "-p"]);
    await once(stranger, "spawn");
    await writeFile(path.join(data, "postmaster.pid"), `${stranger.pid}\n${data}\n`);
    await clearPostmaster(data);
    expect(existsSync(path.join(data, "postmaster.pid"))).toBe(false);
    expect(isAlive(stranger.pid as number)).toBe(true);
    stranger.kill("SIGKILL");
    await once(stranger, "exit");
  });
});
