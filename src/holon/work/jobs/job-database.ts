import { type ContextData, type DataTransaction, type SQL, sql, type Tables, toRequest } from "../../data/index.ts";
import { type Clock, Scope } from "../../kernel/index.ts";
import { runStatement } from "../single-statement.ts";

/** The part of a context's data that jobs work with. */
export type JobData = Pick<ContextData<Tables>, "transaction" | "statement">;

/** Longest that a statement of the machinery itself may take. */
const HOUSEKEEPING_MS = 15_000;

/** Runs the machinery's own statements on the tables of one context, each in a scope of its own: a job's may be over already. */
export class JobDatabase {
  readonly context: string;
  readonly jobs: SQL;
  readonly outbox: SQL;
  readonly schedules: SQL;
  readonly #data: JobData;
  readonly #clock: Clock;

  constructor(context: string, data: JobData, clock: Clock) {
    this.context = context;
    this.#data = data;
    this.#clock = clock;
    const table = (name: string): SQL => sql`${sql.identifier(context)}.${sql.identifier(name)}`;
    this.jobs = table("holon_jobs");
    this.outbox = table("holon_outbox");
    this.schedules = table("holon_schedules");
  }

  /** Runs a function in a transaction of the machinery. Errors: as every statement's, in the catalogue's words. */
  transaction<Result>(task: string, run: (tx: DataTransaction<Tables>) => Promise<Result>): Promise<Result> {
    return this.#data.transaction(this.#scope(task), run);
  }

  /** Runs one statement. The caller names the shape of its rows. */
  rows<Row>(task: string, statement: SQL): Promise<readonly Row[]> {
    return runStatement<Row>(this.#data, () => this.#scope(task), toRequest(statement));
  }

  /** Runs one statement that is prepared from the first time on. The caller names the shape of its rows. */
  prepared<Row>(task: string, text: string, params: readonly unknown[]): Promise<readonly Row[]> {
    return runStatement<Row>(this.#data, () => this.#scope(task), { text, params, prepare: true, rows: "objects" });
  }

  #scope(task: string): Scope {
    const principal = { kind: "system", context: this.context, task } as const;
    return Scope.root({ principal, caller: this.context, deadlineAtMs: this.#clock.monotonicMs() + HOUSEKEEPING_MS });
  }
}

/** Milliseconds as an interval of the database, whose clock is everybody's. */
export function interval(ms: number): SQL {
  return sql`${ms}::double precision * interval '1 millisecond'`;
}

/** Ids as an array of the database. */
export function uuids(ids: readonly string[]): SQL {
  return sql`${`{${ids.join(",")}}`}::uuid[]`;
}

/** Names as an array of the database. */
export function texts(names: readonly string[]): SQL {
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))`;
}
