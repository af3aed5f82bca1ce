import type { Logger } from "../kernel/index.ts";

/**
 * Ends the process at an error that nobody caught, with a line in the log. Node would print the error as it is, with whatever secrets its message has.
 *
 * Exit code 1, as without it.
 */
export function dieLogged(log: Logger): void {
  process.on("uncaughtException", (error) => {
    log.error({ err: error }, "the process ends: nobody caught an error, and what it left behind is not known");
    process.exit(1);
  });
}
