import { execFileSync } from "node:child_process";
import { cpus, loadavg, platform, release, totalmem } from "node:os";

/** Describes the machine in one line, with its current load. Figures mean little without this line. */
export function describeMachine(node: string): string {
  const [cpu] = cpus();
  const version = node === process.execPath ? process.version : execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} x ${cpu?.model.trim() ?? "unknown processor"}, ${memoryGb} GB, ${platform()} ${release()}, Node ${version}, load ${loadText()}`;
}

/** The load averages of 1, 5 and 15 minutes. */
export function loadText(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(" ");
}
