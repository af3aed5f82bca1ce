import { isLostTypeStatement } from "../data/database-error.ts";
import { isHolonError } from "../kernel/holon-error.ts";
import { callPlaceOf, wasHandedOut } from "../kernel/left-behind.ts";
import type { Logger } from "../kernel/log.ts";
import type { App } from "../process/app/define-app.ts";
import type { Plan } from "../process/plan/plan.ts";
import { HandlerPlaces } from "./handler-places.ts";

/**
 * Logs errors that no code caught, and ends the process if the plan says so. Node would print the error as it is, with all secrets in its message.
 *
 * Shape: the app to run. Its handlers are known by name in development, and in production if `onUnhandled` is `trace`.
 * If a call or a transaction that the toolkit handed out fails and no code waits for it, that is logged and never ends the process. Any other promise belongs
 * to the app: `onUnhandled` decides. Exit code 1, as without this function.
 */
export function logUnhandled(app: App, { production, onUnhandled }: Plan, log: Logger): App {
  const handlers = production && onUnhandled !== "trace" ? undefined : new HandlerPlaces();
  process.on("unhandledRejection", (reason, promise) => {
    if (isLostTypeStatement(reason)) {
      log.warn({ err: reason }, "a connection to Postgres was lost as it began; it is opened again when it is needed");
      return;
    }
    const call = callPlaceOf(promise);
    const handler = handlers?.current;
    const place = { ...handler, ...call, ...(handler === undefined ? {} : { handler: handler.procedure }) };
    if (call !== undefined || isHolonError(reason) || wasHandedOut(reason)) {
      // A handler started a call or a transaction and does not wait for it, or not yet. Its failure is an answer and no reason to end the process.
      log.warn({ ...place, err: reason }, "a call or a transaction failed and nothing waits for its answer: await it, or catch its error");
    } else if (onUnhandled === "exit") {
      log.error(
        { ...place, err: reason },
        "the process ends: a promise of the app was rejected and nothing handles it (HOLON_ON_UNHANDLED=log goes on)",
      );
      process.exit(1);
    } else {
      log.error(
        { ...place, err: reason },
        "a promise of the app was rejected and nothing handles it: the process goes on, as HOLON_ON_UNHANDLED says",
      );
    }
  });
  process.on("uncaughtException", (error) => {
    log.error({ ...handlers?.current, err: error }, "the process ends: an error was not caught, and what it left behind is not known");
    process.exit(1);
  });
  return handlers?.nameHandlersOf(app) ?? app;
}
