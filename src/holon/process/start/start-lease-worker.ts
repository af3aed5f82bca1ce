import path from "node:path";
import { Worker } from "node:worker_threads";
import type { LogLevel } from "../../observe/index.ts";

/** A thread does not take over what `--import tsx` does for the first one: from source, the program is loaded by way of this text. */
const FROM_SOURCE = `const { workerData } = require("node:worker_threads");
import("tsx/esm/api").then(({ register }) => {
  register();
  return import(workerData.program);
});`;

/**
 * Starts the second thread of a process. Its program lies beside this file: as source, as built, and beside the one file of a bundle, with the same extension.
 *
 * Errors: TypeError in a bundle that does not know its own address.
 */
export function startLeaseWorker(name: string, level: LogLevel): Worker {
  const extension = path.extname(new URL(import.meta.url).pathname);
  const program = new URL(`./lease-worker${extension}`, import.meta.url);
  const options = { name: "holon leases", workerData: { name, level, program: program.href } };
  return extension === ".ts" ? new Worker(FROM_SOURCE, { ...options, eval: true }) : new Worker(program, options);
}
