import { spawnSync } from "node:child_process";

/** The output of a command, and how it ended. */
export interface CommandResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** Both streams, for people to read. */
  readonly output: string;
}

/** Runs a command to its end and returns its output. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): CommandResult {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024, ...options });
  return { ok: status === 0, stdout: stdout ?? "", output: `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.trim() };
}
