import { createHash } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { catalogueError, type HolonError } from "../../kernel/index.ts";
import type { KeyScope } from "./key-claim.ts";

/** What the key of an undoing call ends with; before it stands the key of the call that it undoes. */
const UNDO_SUFFIX = "~undo";

/** Keys of runs are kept this long: a run may sleep for weeks before it asks again. */
export const RUN_KEY_TTL_MS = 30 * 24 * 3_600_000;

/** A key that the step of a workflow sent, to do something or to undo it. */
export interface RunKey {
  /** Key of the call that does it. */
  readonly base: string;
  readonly isUndo: boolean;
}

/** Reads the key of a step; undefined for all others, which have nothing to do with undoing. */
export function runKeyOf({ principal, key }: Pick<KeyScope, "principal" | "key">): RunKey | undefined {
  if (!principal.startsWith("system:") || !principal.includes("/workflow ")) return undefined;
  const isUndo = key.endsWith(UNDO_SUFFIX);
  return { base: isUndo ? key.slice(0, -UNDO_SUFFIX.length) : key, isUndo };
}

/**
 * The statements by which a call of a run and the call that undoes it meet, whatever procedures they are of.
 *
 *     original before undo       the undo waits for it, and sees its effect
 *     undo before original       the original is refused: what comes late must not happen any more
 */
export class RunKeyStatements {
  readonly #schema: string;
  readonly #table: SQL;

  constructor(schema: string) {
    this.#schema = schema;
    this.#table = sql`${sql.identifier(schema)}.${sql.identifier("holon_keys")}`;
  }

  /** Lets one transaction at a time at a call and its undoing. A statement of its own: the next one sees what the other has committed. */
  lock({ principal }: KeyScope, { base }: RunKey): SQL {
    const digest = createHash("sha256")
      .update(JSON.stringify([this.#schema, "run", principal, base]))
      .digest();
    return sql`select pg_advisory_xact_lock(${String(digest.readBigInt64BE())}::bigint)::text`;
  }

  /** Shape: a row where an original was undone, or where an undo meets an original that is under way outside of this database. */
  opponent({ principal }: KeyScope, { base, isUndo }: RunKey): SQL {
    const other = isUndo ? sql`key = ${base} and state = 'claimed' and lease_until > now()` : sql`key = ${base + UNDO_SUFFIX}`;
    // The pattern is spelled out for the sake of the index that holds such keys only.
    return sql`select 1 from ${this.#table} where principal = ${principal} and principal like 'system:%/workflow %' and ${other} limit 1`;
  }
}

/** The error of an original whose run has undone it. */
export function undone({ procedure }: KeyScope): HolonError {
  return catalogueError("KEY_UNDONE", `The run that called ${procedure} has undone this call; it comes too late.`);
}
