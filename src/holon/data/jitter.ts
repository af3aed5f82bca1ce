import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Scope } from "../kernel/scope.ts";

/** Waits a random part of the given time, so that several waiters for the same thing do not retry at the same moment. */
export async function jitter(lowestMs: number, greatestMs: number): Promise<void> {
  await sleep(randomInt(lowestMs, greatestMs + 1));
}

/** Waits in the same way for a call. Errors: the scope's reason, at once, if the scope is cancelled. */
export function sleepIn(scope: Scope, lowestMs: number, greatestMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        forget();
        resolve();
      },
      randomInt(lowestMs, greatestMs + 1),
    );
    const forget = scope.onCancel((reason) => {
      clearTimeout(timer);
      reject(reason);
    });
  });
}
