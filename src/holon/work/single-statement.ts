import { type ContextData, isWorthRepeating, type StatementRequest, type Tables } from "../data/index.ts";
import type { Scope } from "../kernel/index.ts";

/** Most times that a statement is run when others stand in its way. */
const ATTEMPTS = 4;

/**
 * Runs one statement as a transaction of its own: in one trip, where opening and committing one takes two. It is run again after a deadlock.
 *
 * Shape: the caller names the one of its rows.
 */
export async function runStatement<Row>(
  data: Pick<ContextData<Tables>, "statement">,
  makeScope: () => Scope,
  request: StatementRequest,
): Promise<readonly Row[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return [...(await data.statement(makeScope(), request))] as readonly Row[];
    } catch (error) {
      if (attempt >= ATTEMPTS || !isWorthRepeating(error)) throw error;
    }
  }
}
