import type { Sql } from "postgres";
import { waitUntil } from "./wait.ts";

/** The class of the advisory locks on which the triggers of the fault apps wait. */
const LOCK_CLASS = 4_711;

/** The places where a trigger waits for its lock: in a statement, in the commit, or in the handler of an event. */
export const WAITS = { statement: 1, commit: 2, handler: 3 } as const;

/** A lock that the harness holds, so that transactions of the app stop in the middle. */
export interface HeldLock {
  /** Resolves when `count` transactions wait for the lock. */
  awaited(count: number): Promise<void>;
  release(): Promise<void>;
}

/** Takes a lock. */
export async function holdLock(sql: Sql, place: keyof typeof WAITS): Promise<HeldLock> {
  // Without an open connection, `reserve` would wait for ever.
  await sql`select 1`;
  const session = await sql.reserve();
  await session`select pg_advisory_lock(${LOCK_CLASS}, ${WAITS[place]})`;
  return {
    awaited: (count) =>
      waitUntil(`${count} wait in the ${place}`, async () => {
        const [row] =
          await session`select count(*)::int as n from pg_locks where locktype = 'advisory' and classid = ${LOCK_CLASS} and objid = ${WAITS[place]} and not granted`;
        return row?.["n"] === count || row?.["n"];
      }),
    async release() {
      await session`select pg_advisory_unlock(${LOCK_CLASS}, ${WAITS[place]})`;
      session.release();
    },
  };
}
