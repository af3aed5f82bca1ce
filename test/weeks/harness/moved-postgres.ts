import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import type { FaultPostgres } from "../../faults/harness/postgres.ts";
import type { MovedClock } from "./moved-clock.ts";

const PROGRAM = fileURLToPath(new URL("postgres-program.ts", import.meta.url));

/** Starts the embedded Postgres with a moved clock. It is never restarted. Errors: it does not start. */
export async function startMovedPostgres(clock: MovedClock): Promise<FaultPostgres> {
  const folder = mkdtempSync(path.join(tmpdir(), "holon-weeks-"));
  chmodSync(folder, 0o711);
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", PROGRAM, folder], {
    env: { ...process.env, ...clock.env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const url = await Promise.race([once(child, "message").then(([said]) => said as string), once(child, "exit").then(notStarted)]);
  return {
    async createDatabase(name) {
      const sql = postgres(url, { max: 1, onnotice: () => {} });
      await sql.unsafe(`create database ${name}`);
      await sql.end();
      const made = new URL(url);
      made.pathname = `/${name}`;
      return made.href;
    },
    async restart() {
      throw new TypeError("this Postgres is not restarted");
    },
    async stop() {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
    },
  };
}

function notStarted(): never {
  throw new TypeError("Postgres does not start");
}
