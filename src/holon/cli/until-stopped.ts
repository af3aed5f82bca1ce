import type { Logger } from "../kernel/log.ts";
import { watchNpm } from "./watch-npm.ts";

/** Whether a supervisor started this process. It is read now, because the supervisor may be gone later. */
const SUPERVISED = process.channel !== undefined;

/** A terminal sends SIGINT to every process of its group. A supervised process leaves it to its supervisor, which sends SIGTERM. */
const STOP_SIGNALS = SUPERVISED ? (["SIGTERM"] as const) : (["SIGINT", "SIGTERM"] as const);

/** How long a stop may hang after its grace period before the process ends anyway. */
const HANG_MS = 10_000;

/**
 * Ends the process with `exitCode` if its supervisor goes away during the start. Call the returned function when the process has started.
 *
 * A start may wait for a server that went away together with the supervisor; no supervisor would then restart a process that hangs there.
 */
export function endWithSupervisor(exitCode: number): () => void {
  const end = (): void => process.exit(exitCode);
  if (!SUPERVISED) return watchNpm(end);
  if (!process.connected) end();
  process.once("disconnect", end);
  return () => process.off("disconnect", end);
}

/**
 * Waits until the process is asked to stop (by SIGTERM, by SIGINT, or by the end of its supervisor or of the npm that runs it), and stops.
 *
 * A second signal ends it at once. Exit code 0, or 1 if the stop failed or hung.
 */
export async function untilStopped(log: Logger, stop: () => Promise<void>, graceMs: number): Promise<void> {
  const reason = await toldToStop();
  log.info({ reason }, "stopping");
  const impatient = (): void => process.exit(1);
  for (const signal of STOP_SIGNALS) process.once(signal, impatient);
  setTimeout(impatient, graceMs + HANG_MS).unref();
  try {
    await stop();
    log.info({}, "stopped");
    process.exit(0);
  } catch (error) {
    log.error({ err: error }, "could not stop cleanly");
    process.exit(1);
  }
}

function toldToStop(): Promise<string> {
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
