import { AssertionError } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";

/** A generous limit: work that takes longer is lost, not late. */
const PATIENCE_MS = 150_000;

/** Waits until a condition holds. Errors: the condition did not hold in time; the message contains the last result. */
export async function waitUntil(what: string, ask: () => Promise<unknown> | unknown, patienceMs = PATIENCE_MS): Promise<void> {
  let seen: unknown;
  for (const endMs = performance.now() + patienceMs; performance.now() < endMs; await sleep(50)) {
    try {
      seen = await ask();
      if (seen === true) return;
    } catch (error) {
      seen = error;
    }
  }
  const said = seen instanceof Error ? seen.message : JSON.stringify(seen);
  throw new AssertionError({ message: `never happened: ${what}; seen last: ${said}` });
}
