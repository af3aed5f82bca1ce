import { type ContextData, type DataTransaction, type SQL, sql, type Tables, toRequest } from "../../data/index.ts";
import { type Clock, Scope } from "../../kernel/index.ts";
import { runStatement } from "../single-statement.ts";

/** The part of a context's data that events work with. */
export type WorkData = Pick<ContextData<Tables>, "transaction" | "statement" | "listenAppended" | "leftWork" | "listenLeft" | "context">;

/** Longest that the machinery's own statements may take. */
const HOUSEKEEPING_MS = 15_000;

/** Runs the machinery's own statements on the tables of one context. */
export class WorkDatabase {
  readonly context: string;
  readonly data: WorkData;
  readonly #clock: Clock;

  constructor(data: WorkData, clock: Clock) {
    this.context = data.context;
    this.data = data;
    this.#clock = clock;
  }

  /** A table of the toolkit in the context's schema. */
  table(name: string): SQL {
    return sql`${sql.identifier(this.context)}.${sql.identifier(name)}`;
  }

  /** Runs a function in a transaction of the machinery. Errors: in the catalogue's words. */
  transaction<Result>(task: string, run: (tx: DataTransaction<Tables>) => Promise<Result>): Promise<Result> {
    return this.data.transaction(this.#scope(task), run);
  }

  /** Runs one statement. The caller names the shape of its rows. */
  rows<Row>(task: string, statement: SQL): Promise<readonly Row[]> {
    return runStatement<Row>(this.data, () => this.#scope(task), toRequest(statement));
  }

  /** Runs one statement that is prepared from the first time on. The caller names the shape of its rows. */
  prepared<Row>(task: string, text: string, params: readonly unknown[]): Promise<readonly Row[]> {
    return runStatement<Row>(this.data, () => this.#scope(task), { text, params, prepare: true, rows: "objects" });
  }

  #scope(task: string): Scope {
    return housekeepingScope(this.context, task, this.#clock);
  }
}

/** A scope of the machinery's own: a job's or a run's may be over already. */
export function housekeepingScope(context: string, task: string, clock: Clock): Scope {
  const principal = { kind: "system", context, task } as const;
  return Scope.root({ principal, caller: context, deadlineAtMs: clock.monotonicMs() + HOUSEKEEPING_MS });
}

/** Runs one statement of an open transaction. The caller names the shape of its rows. */
export async function rowsOf<Row>(tx: DataTransaction<Tables>, statement: SQL): Promise<readonly Row[]> {
  return [...(await tx.db.execute(statement))] as unknown as readonly Row[];
}

/** Milliseconds as an interval of the database, whose clock is everybody's. */
export function interval(ms: number): SQL {
  return sql`${ms}::double precision * interval '1 millisecond'`;
}

/** A value as JSON of the database. */
export function jsonb(value: unknown): SQL {
  return sql`${JSON.stringify(value)}::text::jsonb`;
}
