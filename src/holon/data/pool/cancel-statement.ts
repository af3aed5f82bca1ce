import type { PendingStatement, PoolConnection } from "./pool-connection.ts";

/** How long a cancelled statement may take to end before its connection is cut off. */
const CANCEL_TIMEOUT_MS = 5_000;

/**
 * Asks the server to cancel a statement. Settles when the request has been delivered, never fails; only then may the connection be used again.
 *
 * Where the server does not react (it hangs, or the network is gone) the connection is cut off, so that its place is not lost.
 */
export async function cancelStatement(connection: PoolConnection, statement: PendingStatement): Promise<void> {
  // Sent in this very tick: postgres.js hands it to the connection a few microtasks later, and forgets one that is cancelled before.
  for (let turn = 0; turn < 8 && statement.state === null; turn++) await undefined;
  if (!statement.active) return;
  const timer = setTimeout(() => void connection.close(0), CANCEL_TIMEOUT_MS);
  statement.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  );
  // Its type says void; it is a promise of the request's end.
  await Promise.resolve(statement.cancel() as unknown).catch(() => {});
}
