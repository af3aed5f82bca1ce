import { setTimeout as sleep } from "node:timers/promises";

/** Calls a function every few milliseconds until it returns a value; undefined after the given number of calls. */
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
