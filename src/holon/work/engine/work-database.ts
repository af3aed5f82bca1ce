import type { ContextData } from "../../data/context-data.ts";
import { isWorthRepeating } from "../../data/database-error.ts";
import type { Tables } from "../../data/drizzle/database.ts";
import { type SQL, type StatementRequest, sql, toRequest } from "../../data/drizzle/sql.ts";
import type { DataTransaction } from "../../data/transaction/run-transaction.ts";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { markOrigin } from "../../kernel/origin.ts";
import type { Scope } from "../../kernel/scope.ts";
import { inSystemScope } from "../../kernel/scope-deadline.ts";

/** The part of a context's data that background work uses. */
export type WorkData = Pick<ContextData<Tables>, "access" | "transaction" | "statement" | "listenAppended" | "leftWork" | "listenLeft" | "context">;

/** Longest time that one statement or transaction of background work may take. Units: milliseconds. */
const WORK_DEADLINE_MS = 15_000;

/** How often a statement is run at most. It is run again only after a deadlock, or after another error that a repeat may not meet. */
const ATTEMPTS = 4;

/**
 * The statements that background work itself runs on the tables of one context.
 *
 * Guarantee: each statement ends within its deadline, which a timer of this process keeps. If the server does not answer, the statement is cancelled, its
 * connection is cut, and it fails with UNAVAILABLE, a failure that passes (see {@link isPassing}).
 */
export class WorkDatabase<Data extends Pick<WorkData, "transaction" | "statement" | "context"> = WorkData> {
  readonly context: string;
  readonly data: Data;
  readonly #clock: Clock;

  constructor(data: Data, clock: Clock) {
    this.context = data.context;
    this.data = data;
    this.#clock = clock;
  }

  /** A table of the toolkit in the context's schema. */
  table(name: string): SQL {
    return sql`${sql.identifier(this.context)}.${sql.identifier(name)}`;
  }

  /** Runs a function in a transaction of background work. Errors: those of the catalogue. */
  transaction<Result>(task: string, run: (tx: DataTransaction<Tables>) => Promise<Result>, deadlineMs = WORK_DEADLINE_MS): Promise<Result> {
    return this.#inScope(task, deadlineMs, (scope) => this.data.transaction(scope, run));
  }

  /** Runs one statement as its own transaction, in one round trip. The caller names the type of its rows. */
  rows<Row>(task: string, statement: SQL, deadlineMs?: number): Promise<readonly Row[]> {
    return this.statement<Row>(task, toRequest(statement), deadlineMs);
  }

  /** Like {@link rows}, for a text that is prepared at its first run. */
  prepared<Row>(task: string, text: string, params: readonly unknown[], deadlineMs?: number): Promise<readonly Row[]> {
    return this.statement<Row>(task, { text, params, prepare: true, rows: "objects" }, deadlineMs);
  }

  /**
   * Like {@link prepared}, for statements that must not wait for a connection of the pool, such as the renewal of leases. The runs whose leases are renewed may
   * hold all connections until they end.
   */
  urgent<Row>(task: string, text: string, params: readonly unknown[], deadlineMs: number): Promise<readonly Row[]> {
    return this.statement<Row>(task, { text, params, prepare: true, rows: "objects", isUrgent: true }, deadlineMs);
  }

  /** Runs one statement. Runs it again after an error that a repeat may not meet, such as a deadlock. All runs are within one deadline. */
  async statement<Row>(task: string, request: StatementRequest, deadlineMs = WORK_DEADLINE_MS): Promise<readonly Row[]> {
    return this.#inScope(task, deadlineMs, async (scope) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return (await this.data.statement(scope, request)) as readonly Row[];
        } catch (error) {
          if (attempt >= ATTEMPTS || !isWorthRepeating(error)) throw error;
        }
      }
    });
  }

  #inScope<Result>(task: string, deadlineMs: number, run: (scope: Scope) => Promise<Result>): Promise<Result> {
    const { context } = this;
    const late = () =>
      markOrigin(catalogueError("UNAVAILABLE", `The database of ${context} did not answer within ${deadlineMs} ms: ${task}.`), {
        layer: "database",
        isPassing: true,
      });
    return inSystemScope({ context, task, deadlineMs, late }, this.#clock, run);
  }
}

/** Runs one statement in an open transaction. The caller names the type of its rows. */
export async function rowsOf<Row>(tx: DataTransaction<Tables>, statement: SQL): Promise<readonly Row[]> {
  return [...(await tx.db.execute(statement))] as unknown as readonly Row[];
}

/** Ids as an array of SQL. */
export function uuids(ids: readonly string[]): SQL {
  return sql`${`{${ids.join(",")}}`}::uuid[]`;
}

/** Names as an array of SQL. */
export function texts(names: readonly string[]): SQL {
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))`;
}

/** Milliseconds as an interval of SQL: all times are compared on the database's clock. */
export function interval(ms: number): SQL {
  return sql`${ms}::double precision * interval '1 millisecond'`;
}

/** Most rows that are counted: so a count takes milliseconds, however many rows there are. */
export const COUNTED_MOST = 10_000;

/** An SQL expression: how many rows of a table match, {@link COUNTED_MOST} at most. An index must cover these rows. */
export function countOf(table: SQL, which: SQL): SQL {
  return sql`(select count(*)::int from (select 1 from ${table} where ${which} limit ${COUNTED_MOST}) counted)`;
}

/** A value as JSON of SQL. */
export function jsonb(value: unknown): SQL {
  return sql`${JSON.stringify(value)}::text::jsonb`;
}
