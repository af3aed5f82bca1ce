import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { BenchPlan } from "./bench-plan.ts";
import type { ChildRole, Order } from "./order.ts";

/** How long a bench process may take to start, and to answer an order. An order to measure may also take {@link MS_A_PIECE} for each unit of its length. */
const PATIENCE_MS = 30_000;

/** The milliseconds that a measurement may take for each unit of its length. A millisecond of calling takes one, and a piece of work takes less than ten. */
const MS_A_PIECE = 10;

/** The program of the second thread of a process with background work; it is built beside the file of the process. */
const LEASE_WORKER = "../src/holon/process/start/lease-worker.ts";

/** The compiled code of the bench processes. */
export interface BuiltChild {
  readonly file: string;
  /** Removes the folder of the code. */
  close(): void;
}

/** Compiles the code of the bench processes to plain JavaScript, as a user's process runs it. With a loader, its cost would be measured too. */
export async function buildChild({ child, isBundled, unit }: BenchPlan): Promise<BuiltChild> {
  const folder = mkdtempSync(join(isBundled ? tmpdir() : cacheFolder(), "holon-bench-"));
  const programs = { child, ...(unit === "pieces" && { "lease-worker": LEASE_WORKER }) };
  await build({
    entryPoints: Object.entries(programs).map(([out, file]) => ({ in: fileURLToPath(new URL(file, import.meta.url)), out })),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    ...(isBundled ? {} : { packages: "external" as const }),
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["source"],
    logLevel: "error",
  });
  return { file: join(folder, "child.mjs"), close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A folder below `node_modules`, so that packages that are not bundled are found. */
function cacheFolder(): string {
  const folder = fileURLToPath(new URL("../node_modules/.cache", import.meta.url));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** One process of one contender. It ends when this process ends, for whatever reason. */
export class BenchChild {
  readonly role: ChildRole;
  readonly #process: ChildProcess;

  constructor(file: string, node: string, role: ChildRole) {
    this.role = role;
    this.#process = fork(file, [JSON.stringify(role)], {
      execPath: node,
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1" },
    });
  }

  /** Resolves when the process is ready to answer or to make calls. Errors: the process ended, or took too long. */
  async started(): Promise<void> {
    await this.#answer(PATIENCE_MS);
  }

  /** Sends the process an {@link Order} and waits for the answer. Errors: the error in the answer; the process ended, or took too long. */
  ask<Answer>(order: Order): Promise<Answer> {
    const answer = this.#answer<Answer>(PATIENCE_MS + (order.kind === "run" ? order.length * MS_A_PIECE : 0));
    this.#process.send(order);
    return answer;
  }

  close(): void {
    this.#process.kill();
  }

  #answer<Answer>(patienceMs: number): Promise<Answer> {
    const child = this.#process;
    const { bench, half, contender } = this.role;
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        child.off("message", onMessage);
        child.off("exit", onExit);
        settle();
      };
      const fail = (reason: string): void => done(() => reject(new Error(`${contender} (${bench}, ${half}): ${reason}`)));
      const onMessage = (answer: object): void => {
        if ("error" in answer) fail(String(answer.error));
        else done(() => resolve(answer as Answer));
      };
      const onExit = (code: number | null, signal: string | null): void => fail(`its process ended (${code ?? signal})`);
      const timer = setTimeout(() => fail(`no answer within ${patienceMs} ms`), patienceMs);
      child.on("message", onMessage);
      child.on("exit", onExit);
    });
  }
}
