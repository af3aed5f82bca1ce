import { readFileSync } from "node:fs";
import { processCommand } from "../dev/postgres/process-identity.ts";
import type { Logger } from "../kernel/log.ts";

/**
 * Whether a supervisor started this process. This is read when the program is loaded, because the channel to the supervisor closes when the supervisor ends.
 */
const SUPERVISED = process.channel !== undefined;

/** Ctrl-C in a terminal sends SIGINT to the supervisor and to its processes. A supervised process ignores SIGINT and waits for SIGTERM from its supervisor. */
const STOP_SIGNALS = SUPERVISED ? (["SIGTERM"] as const) : (["SIGINT", "SIGTERM"] as const);

/** A stop that takes longer than its grace period and this time is broken off: the process ends with exit code 1. */
const HANG_MS = 10_000;

/**
 * Ends the process with `exitCode` if its supervisor, or the npm that runs it, ends during the start. Call the returned function when the process has started.
 *
 * Otherwise a process could wait for ever: the server that it waits for may have ended together with the supervisor, and then nothing would end or restart the
 * process.
 */
export function endWithSupervisor(exitCode: number): () => void {
  const end = (): void => process.exit(exitCode);
  if (!SUPERVISED) return watchNpm(end);
  if (!process.connected) end();
  process.once("disconnect", end);
  return () => process.off("disconnect", end);
}

/**
 * Waits until the process has to stop (because of SIGTERM or SIGINT, or because its supervisor or the npm that runs it has ended), and stops it.
 *
 * A second signal ends the process at once. The exit code is 0, or 1 if the stop failed, took too long or was ended by a second signal.
 */
export async function untilStopped(log: Logger, stop: () => Promise<void>, graceMs: number): Promise<void> {
  const reason = await requestToStop();
  log.info({ reason }, "stopping");
  const endNow = (): void => process.exit(1);
  for (const signal of STOP_SIGNALS) process.once(signal, endNow);
  setTimeout(endNow, graceMs + HANG_MS).unref();
  try {
    await stop();
    log.info({}, "stopped");
    process.exit(0);
  } catch (error) {
    log.error({ err: error }, "could not stop cleanly");
    process.exit(1);
  }
}

function requestToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) process.once(signal, () => resolve(signal));
    if (!SUPERVISED) watchNpm(() => resolve("the npm that ran it is gone"));
    // The supervisor may have died while this process was starting: then no event reports it.
    if (SUPERVISED && !process.connected) resolve("its supervisor is gone");
    else if (process.channel !== undefined) {
      process.on("SIGINT", () => {});
      process.once("disconnect", () => resolve("its supervisor is gone"));
      process.channel.ref();
    }
  });
}

/** How often the parent processes of this one are checked. */
const LOOK_MS = 500;

/** How npm, pnpm and yarn name their processes: `npm run start`, `node /usr/bin/yarn start`. */
const NPM = /(^|[\s/])(npm|pnpm|yarn)(-cli)?(\.c?js)?(\s|$)/;

/**
 * Calls a function when the npm that runs this process as a script has ended, or the shell between them. npm does not pass signals on to the program that its
 * shell runs, and if npm itself is killed, the program gets no signal at all. Shape: the function that ends the watch.
 *
 * It does nothing for a process that no npm runs, and for one that the script leaves running in the background (`node main.js &`). It works only on Linux.
 */
export function watchNpm(gone: () => void, script = process.env["npm_lifecycle_script"]): () => void {
  const isNpm = (pid: number): boolean => NPM.test(processCommand(pid));
  const parent = process.ppid;
  // A shell may have replaced itself by this program, so that no shell is between npm and this process. The grandparent is then the program that started npm,
  // such as a login shell. It may end while npm runs on, so it is not watched.
  const grandparent = isNpm(parent) ? undefined : parentOf(parent);
  const isWatched = script !== undefined && !/(?<!&)&(?!&)/.test(script) && (grandparent === undefined || isNpm(grandparent));
  if (!isWatched) return () => {};
  const timer = setInterval(() => {
    if (process.ppid === parent && (grandparent === undefined || parentOf(parent) === grandparent)) return;
    clearInterval(timer);
    gone();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** 0 if the system does not report it. */
function parentOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, which may itself contain spaces and parentheses.
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}
