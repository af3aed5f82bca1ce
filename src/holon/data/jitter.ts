import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Scope } from "../kernel/scope.ts";

/** Waits a random time between the two given ones, so that several waiters for the same thing do not retry at the same moment. */
export async function jitter(lowestMs: number, greatestMs: number): Promise<void> {
  await sleep(randomInt(lowestMs, greatestMs + 1));
}

/** Like {@link jitter}, within a scope. If the scope is cancelled, the wait ends at once. Errors: the scope's reason. */
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
