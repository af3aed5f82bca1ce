import { catalogueError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { jitter } from "../jitter.ts";
import type { OwnerRows } from "./owner-connection.ts";

/** The only advisory lock of a database for everything that changes its tables. */
const LOCK = "5143811270266217805";

/** How often the lock is tried. With the waits between, this takes some ten minutes. */
const ATTEMPTS = 8_000;

/**
 * Runs work while no other process migrates this database.
 *
 * The lock is tried again and again, not waited for: a session that waits holds a snapshot, and `create index concurrently` in the session that
 * has the lock would wait for that snapshot for ever.
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
    await sql.rows(`select pg_advisory_unlock(${LOCK})`).catch(() => {}); // The end of the session unlocks too.
  }
}

async function tryLock(sql: OwnerRows): Promise<boolean> {
  const [row] = await sql.rows<{ locked: boolean }>(`select pg_try_advisory_lock(${LOCK}) as locked`);
  return row?.locked === true;
}
