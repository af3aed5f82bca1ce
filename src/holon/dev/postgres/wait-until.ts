import { setTimeout as sleep } from "node:timers/promises";

/** Asks again every few milliseconds until the answer is not undefined; undefined after the given number of times. */
export async function waitUntil<Value>(
  ask: () => Value | undefined | Promise<Value | undefined>,
  everyMs: number,
  times: number,
): Promise<Value | undefined> {
  for (let time = 0; time < times; time++) {
    const value = await ask();
    if (value !== undefined) return value;
    await sleep(everyMs);
  }
  return undefined;
}
