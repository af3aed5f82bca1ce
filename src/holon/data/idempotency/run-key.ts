import { createHash } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { KeyScope } from "./key-claim.ts";

/** The end of the key of an undo. Before it is the key of the call that is undone. */
const UNDO_SUFFIX = "~undo";

/** How long keys of runs are kept: a run may sleep for weeks before it repeats a call. */
export const RUN_KEY_TTL_MS = 30 * 24 * 3_600_000;

/** A key that the step of a workflow sent, for a call or for its undo. */
export interface RunKey {
  /** The key of the call. */
  readonly base: string;
  readonly isUndo: boolean;
}

/** Reads the key of a step; undefined for all other keys, which are never undone. */
export function runKeyOf({ principal, key }: Pick<KeyScope, "principal" | "key">): RunKey | undefined {
  if (!principal.startsWith("system:") || !principal.includes("/workflow ")) return undefined;
  const isUndo = key.endsWith(UNDO_SUFFIX);
  return { base: isUndo ? key.slice(0, -UNDO_SUFFIX.length) : key, isUndo };
}

/**
 * The statements by which a call of a run and its undo exclude each other, whatever their procedures are.
 *
 *     call before undo       the undo waits for the call, and sees its effect
 *     undo before call       the call is refused: a late call must not have an effect any more
 */
export class RunKeyStatements {
  readonly #schema: string;
  readonly #table: SQL;

  constructor(schema: string) {
    this.#schema = schema;
    this.#table = sql`${sql.identifier(schema)}.${sql.identifier("holon_keys")}`;
  }

  /**
   * Lets one transaction at a time work on a call and its undo. It is a separate statement, so that the next one sees what the other transaction
   * has committed.
   */
  lock({ principal }: KeyScope, { base }: RunKey): SQL {
    const digest = createHash("sha256")
      .update(JSON.stringify([this.#schema, "run", principal, base]))
      .digest();
    return sql`select pg_advisory_xact_lock(${String(digest.readBigInt64BE())}::bigint)::text`;
  }

  /** Shape: a row if the call was undone, or if the call to be undone has an effect in progress outside of this database. */
  opponent({ principal }: KeyScope, { base, isUndo }: RunKey): SQL {
    const other = isUndo ? sql`key = ${base} and state = 'claimed' and lease_until > now()` : sql`key = ${base + UNDO_SUFFIX}`;
    // The pattern is a literal, so that Postgres uses the index that has such keys only.
    return sql`select 1 from ${this.#table} where principal = ${principal} and principal like 'system:%/workflow %' and ${other} limit 1`;
  }
}

/** The error of a call that its run has undone. */
export function undone({ procedure }: KeyScope): HolonError {
  return catalogueError("KEY_UNDONE", `The run that called ${procedure} has undone this call; it comes too late.`);
}
