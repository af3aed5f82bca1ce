import type { Clock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { sqlState } from "../database-error.ts";
import { jitter } from "../jitter.ts";
import type { OwnerRows } from "./owner-connection.ts";

/** The only advisory lock of a database for everything that changes its tables. */
const LOCK = "5143811270266217805";

/** How often the lock is tried. With the waits between the tries, this takes about ten minutes. */
const ATTEMPTS = 8_000;

/**
 * Runs work while no other process migrates this database.
 *
 * The lock is tried again and again, because a session that waits for it would hold a snapshot. `create index concurrently` in the session that has the lock
 * would then wait for that snapshot for ever.
 * Errors: UNAVAILABLE - another process keeps the lock.
 */
export async function withMigrationLock<Result>(sql: OwnerRows, log: Logger, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; !(await tryLock(sql)); attempt++) {
    if (attempt === 50) log.info({}, "Waiting for another process that migrates this database.");
    if (attempt >= ATTEMPTS)
      throw catalogueError("UNAVAILABLE", "Another process has been migrating this database for ten minutes.", { executed: "no" });
    await jitter(20, 120);
  }
  try {
    return await work();
  } finally {
    await sql.rows(`select pg_advisory_unlock(${LOCK})`).catch(() => {}); // If this fails, the end of the session releases the lock.
  }
}

async function tryLock(sql: OwnerRows): Promise<boolean> {
  const [row] = await sql.rows<{ locked: boolean }>(`select pg_try_advisory_lock(${LOCK}) as locked`);
  return row?.locked === true;
}

/** How long a migration retries to get the locks that it needs, by default. Units: milliseconds. */
export const LOCK_WAIT_MS = 5 * 60_000;

/** The pause between two tries. In the pause, the statements that queued behind the last try run. */
const PAUSE_MS = { lowest: 500, greatest: 2_000 };

/** How often the wait is logged. */
const SAY_MS = 10_000;

/** SQLSTATEs of work that locks of other transactions stopped: a lock timeout, and a deadlock. The work had no effect. */
const LOCKED = new Set(["55P03", "40P01"]);

interface UnlockedDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly lockWaitMs: number;
  /** The names for the log and for the error. */
  readonly what: { readonly context: string; readonly migration: string };
  /** The statement that waited in the last try, its table, and the sessions that blocked it. */
  readonly way: () => { readonly statement: number; readonly waitsFor: string | undefined; readonly blockedBy: readonly string[] };
}

/**
 * Runs work that takes locks on tables in use. If it does not get a lock within the lock timeout of its connection, the work runs again after a
 * pause.
 *
 * While a statement waits for a lock on a table, all later statements on this table queue behind it, reads too. So a migration waits for a short time, and
 * tries often.
 * Guarantee: a try that got no lock has changed nothing, if the work is one transaction.
 * Errors: the work's; UNAVAILABLE, not executed, after `lockWaitMs`.
 */
export async function whenUnlocked<Result>({ clock, log, lockWaitMs, what, way }: UnlockedDeps, work: () => Promise<Result>): Promise<Result> {
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
      if (waitedMs >= lockWaitMs) throw gaveUp(what, found, waitedMs, error);
      if (nowMs - saidAtMs >= SAY_MS) {
        saidAtMs = nowMs;
        log.warn(
          { ...what, ...found, attempt, waitedMs, patienceMs: lockWaitMs },
          "A migration waits for a lock that other sessions hold. Between two tries, other statements on the table go on.",
        );
      }
      await jitter(PAUSE_MS.lowest, PAUSE_MS.greatest);
    }
  }
}

function gaveUp(what: UnlockedDeps["what"], found: ReturnType<UnlockedDeps["way"]>, waitedMs: number, cause: unknown): Error {
  const { statement, waitsFor, blockedBy } = found;
  const way = blockedBy.length === 0 ? "" : ` It was blocked by: ${blockedBy.join(", ")}.`;
  const where = waitsFor === undefined ? "a lock" : `a lock on ${waitsFor}`;
  return catalogueError(
    "UNAVAILABLE",
    `The migration ${what.migration} of the context ${what.context} did not get ${where} within ${Math.round(waitedMs / 1_000)} s, at statement ${statement}.${way} ` +
      "The migration changed nothing. End the sessions that block it, or start again when they have ended.",
    { executed: "no", cause, details: { ...what, statement } },
  );
}
