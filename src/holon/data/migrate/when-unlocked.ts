import { type Clock, catalogueError, type Logger } from "../../kernel/index.ts";
import { jitter } from "../jitter.ts";
import { sqlState } from "../sql-state.ts";

/** How long a migration tries to get the locks that it needs, if nothing else is said. Units: milliseconds. */
export const LOCK_PATIENCE_MS = 5 * 60_000;

/** Between two tries what queued behind the last one goes on. */
const PAUSE_MS = { lowest: 500, greatest: 2_000 };

/** How often the waiting is said. */
const SAY_MS = 10_000;

/** SQLSTATEs of work that met the locks of others: a wait that was too long, and a deadlock. Nothing of it happened. */
const LOCKED = new Set(["55P03", "40P01"]);

/** What {@link whenUnlocked} needs. */
export interface UnlockedDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly patienceMs: number;
  /** Named in the log and in the error. */
  readonly what: { readonly context: string; readonly migration: string };
  /** What was in the way at the last try. */
  readonly way: () => { readonly statement: number; readonly waitsFor: string | undefined; readonly blockedBy: readonly string[] };
}

/**
 * Runs work that takes locks on tables in use: again, after a pause, whenever it does not get one within the lock timeout of its connection.
 *
 * While a statement waits for a lock on a table, all that come to this table later queue behind it, reads too. So it waits shortly, and often.
 * Guarantee: what failed for want of a lock has changed nothing, if the work is one transaction.
 * Errors: the work's; UNAVAILABLE, not executed, when the patience is over.
 */
export async function whenUnlocked<Result>({ clock, log, patienceMs, what, way }: UnlockedDeps, work: () => Promise<Result>): Promise<Result> {
  const startedMs = clock.monotonicMs();
  let saidAtMs = Number.NEGATIVE_INFINITY;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!LOCKED.has(sqlState(error) ?? "")) throw error;
      const nowMs = clock.monotonicMs();
      const waitedMs = Math.round(nowMs - startedMs);
      const found = way();
      if (waitedMs >= patienceMs) throw gaveUp(what, found, waitedMs, error);
      if (nowMs - saidAtMs >= SAY_MS) {
        saidAtMs = nowMs;
        log.warn(
          { ...what, ...found, attempt, waitedMs, patienceMs },
          "A migration waits for a lock that others keep. It lets other work go first between its tries.",
        );
      }
      await jitter(PAUSE_MS.lowest, PAUSE_MS.greatest);
    }
  }
}

function gaveUp(what: UnlockedDeps["what"], found: ReturnType<UnlockedDeps["way"]>, waitedMs: number, cause: unknown): Error {
  const { statement, waitsFor, blockedBy } = found;
  const way = blockedBy.length === 0 ? "" : ` In the way: ${blockedBy.join(", ")}.`;
  const where = waitsFor === undefined ? "a lock" : `a lock on ${waitsFor}`;
  return catalogueError(
    "UNAVAILABLE",
    `The migration ${what.migration} of the context ${what.context} did not get ${where} within ${Math.round(waitedMs / 1_000)} s, at statement ${statement}.${way} ` +
      "Nothing of it was done. End what is in the way, or start again when it has ended.",
    { executed: "no", cause, details: { ...what, statement } },
  );
}
