import type { PendingStatement, PoolConnection } from "./pool-connection.ts";

/** How often the server is asked to cancel, and how long it may take each time, before the connection is cut off. */
const CANCEL_ATTEMPTS = 50;
const CANCEL_WAIT_MS = 100;

/**
 * Asks the server to cancel a statement until it has ended. Settles when it has and the last request was delivered, never fails; only then may the
 * connection be used again.
 *
 * Asking once is not enough: the server forgets a request that comes between two messages of a statement (it was parsed and is not yet executed).
 * Where the server does not react at all (it hangs, or the network is gone) the connection is cut off, so that its place is not lost.
 */
export async function cancelStatement(connection: PoolConnection, statement: PendingStatement): Promise<void> {
  let ended = false;
  const end = statement.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  // Sent in this very tick: postgres.js hands it to the connection a few microtasks later, and forgets one that is cancelled before.
  for (let turn = 0; turn < 8 && statement.state === null; turn++) await undefined;
  for (let attempt = 1; !ended && attempt <= CANCEL_ATTEMPTS; attempt++) {
    if (statement.active) await statement.canceller(statement).catch(() => {});
    await endOrTimeout(end);
  }
  if (!ended) connection.cutOff();
}

function endOrTimeout(end: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CANCEL_WAIT_MS);
    void end.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
