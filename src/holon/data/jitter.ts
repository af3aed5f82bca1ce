import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** Waits a random part of the given time, so that those who wait for the same thing do not ask at the same moment. */
export async function jitter(lowestMs: number, greatestMs: number): Promise<void> {
  await sleep(randomInt(lowestMs, greatestMs + 1));
}
