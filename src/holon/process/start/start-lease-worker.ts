import path from "node:path";
import { Worker } from "node:worker_threads";
import type { LogLevel } from "../../observe/logger.ts";

/** A thread does not inherit the `--import tsx` of the main thread, so a program in source form is loaded by this text. */
const FROM_SOURCE = `const { workerData } = require("node:worker_threads");
import("tsx/esm/api").then(({ register }) => {
  register();
  return import(workerData.program);
});`;

/**
 * Starts the second thread of a process. The program of the thread is in the folder of this file, with the same extension: in the source and in `dist`. In an
 * app that is bundled into one file, it is beside the bundle.
 *
 * Errors: TypeError in a bundle that does not know its own address (`import.meta.url`).
 */
export function startLeaseWorker(name: string, level: LogLevel): Worker {
  const extension = path.extname(new URL(import.meta.url).pathname);
  const program = new URL(`./lease-worker${extension}`, import.meta.url);
  const options = { name: "holon leases", workerData: { name, level, program: program.href } };
  return extension === ".ts" ? new Worker(FROM_SOURCE, { ...options, eval: true }) : new Worker(program, options);
}
