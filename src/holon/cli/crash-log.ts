import { callPlaceOf, isHolonError, type Logger } from "../kernel/index.ts";

/**
 * Ends the process at an error that nobody caught, with a line in the log. Node would print the error as it is, with whatever secrets its message has.
 *
 * Exit code 1, as without it.
 */
export function dieLogged(log: Logger): void {
  process.on("unhandledRejection", (reason, promise) => {
    const place = callPlaceOf(promise);
    if (place === undefined && !isHolonError(reason)) {
      log.error({ err: reason }, "the process ends: a promise was rejected and nothing handles it");
      process.exit(1);
    }
    // A handler started a call and does not wait for it, or not yet. Its failure is an answer and no reason to end.
    log.warn({ ...place, err: reason }, "a call failed and nothing waits for its answer: await it, or catch its error");
  });
  process.on("uncaughtException", (error) => {
    log.error({ err: error }, "the process ends: nobody caught an error, and what it left behind is not known");
    process.exit(1);
  });
}
