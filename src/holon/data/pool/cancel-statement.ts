import { answerWithin, ENDING_MS } from "./answer-within.ts";
import type { PendingStatement, PoolConnection } from "./pool-connection.ts";

/** The pause between two cancel requests. */
const AGAIN_MS = 100;

/**
 * Asks the server to cancel a statement until it has ended. Settles when it has ended and the last request was delivered; never fails. Only then may
 * the connection be used again.
 *
 * One request is not enough: the server forgets a request that arrives between two messages of a statement (it was parsed and is not yet executed).
 * If the server does not react in time (it hangs, or the network is broken), or does not accept the request, the connection is cut off, so that its
 * slot is not lost. A request that arrives later would cancel the next statement.
 */
export async function cancelStatement(connection: PoolConnection, statement: PendingStatement): Promise<void> {
  let isOver = false;
  const end = statement.then(
    () => {
      isOver = true;
    },
    () => {
      isOver = true;
    },
  );
  // For a statement of this same tick: postgres.js hands it to the connection a few microtasks later, and forgets a statement that is cancelled
  // before.
  for (let turn = 0; turn < 8 && statement.state === null; turn++) await undefined;
  const asking = async (): Promise<void> => {
    while (!isOver) {
      if (statement.active) await statement.canceller(statement).catch(() => {});
      await endOrPause(end);
    }
  };
  const asked = asking();
  await answerWithin(ENDING_MS, asked, () => connection.abandon()).catch(() => {});
}

function endOrPause(end: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, AGAIN_MS);
    void end.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
