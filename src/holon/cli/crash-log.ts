import { callPlaceOf, isHolonError, type Logger } from "../kernel/index.ts";
import type { OnUnhandled } from "../process/plan/index.ts";

/**
 * Logs what nothing caught, and ends the process where that is asked for. Node would print the error as it is, with whatever secrets its message has.
 *
 * A call that the toolkit handed out and nothing waits for is logged, and never ends the process. Another promise is the app's own: `onUnhandled`
 * decides. Its procedure is not known: to carry it along would cost each call more than it costs now; the stack says where it began.
 * Exit code 1, as without it.
 */
export function logUncaught(log: Logger, onUnhandled: OnUnhandled): void {
  process.on("unhandledRejection", (reason, promise) => {
    const place = callPlaceOf(promise);
    if (place !== undefined || isHolonError(reason)) {
      // A handler started a call and does not wait for it, or not yet. Its failure is an answer and no reason to end.
      log.warn({ ...place, err: reason }, "a call failed and nothing waits for its answer: await it, or catch its error");
    } else if (onUnhandled === "log") {
      log.error({ err: reason }, "a promise of the app was rejected and nothing handles it: the process goes on, as HOLON_ON_UNHANDLED says");
    } else {
      log.error({ err: reason }, "the process ends: a promise of the app was rejected and nothing handles it (HOLON_ON_UNHANDLED=log goes on)");
      process.exit(1);
    }
  });
  process.on("uncaughtException", (error) => {
    log.error({ err: error }, "the process ends: nobody caught an error, and what it left behind is not known");
    process.exit(1);
  });
}
