import { runCommand } from "./command.ts";

/** The faults of the lease thread's program as it is shipped: it must start on plain Node, and report that it has started. */
export function secondThreadFaults(program: string, folder: string): readonly string[] {
  const start = `
    const { Worker } = require("node:worker_threads");
    const worker = new Worker(${JSON.stringify(program)}, { workerData: { name: "check", level: "info" } });
    worker.once("message", () => process.exit(0));
    worker.once("error", (error) => { console.error(error); process.exit(1); });
    setTimeout(() => process.exit(1), 30_000);`;
  const started = runCommand(process.execPath, ["-e", start], { cwd: folder, env: {} });
  return started.ok ? [] : [`the thread that renews leases does not start from ${program}:\n${started.output}`];
}
