import type { Principal } from "../../kernel/principal.ts";
import type { StatementRequest } from "../drizzle/sql.ts";
import { quoteIdentifier } from "../identifier.ts";
import type { AppendOrigin } from "./outbox-statements.ts";

/** A workflow that starts when its transaction commits. */
export interface AppendedRun {
  readonly workflow: string;
  readonly version: number;
  /** There is one run for each workflow and key, as long as the run is kept. */
  readonly key: string;
  /** JSON. */
  readonly input: unknown;
  /** A hash of the input, which shows whether two starts have the same input. */
  readonly inputHash: string;
  readonly origin?: AppendOrigin;
}

/** The run that exists after the start. This transaction or an earlier one has started it. */
export interface AppendedRunRow {
  readonly id: string;
  readonly isNew: boolean;
  /** The version of its workflow. A run keeps the version with which it was started. */
  readonly version: number;
  readonly inputHash: string;
}

/** The statement that starts a run in the caller's transaction. */
export class RunStatements {
  readonly #text: string;

  constructor(schema: string) {
    this.#text = startText(quoteIdentifier(schema));
  }

  /** Shape: one row. No row if another transaction has just started the run; the same statement finds that run when it is executed again. */
  start(run: AppendedRun, traceparent: string, initiator: Principal): StatementRequest {
    const origin = run.origin ?? { traceparent, initiator };
    const params = [
      run.workflow,
      run.version,
      run.key,
      JSON.stringify(run.input),
      run.inputHash,
      origin.traceparent,
      JSON.stringify(origin.initiator),
    ];
    return { text: this.#text, params, prepare: true, rows: "arrays" };
  }
}

function startText(own: string): string {
  return `
with made as (
  insert into ${own}.holon_runs (workflow, version, key, state, input, input_hash, traceparent, initiator, wake_at)
  values ($1::text, $2::text::int, $3::text, 'waiting', $4::text::json, $5::text, $6::text, $7::text::jsonb, now())
  on conflict (workflow, key) do nothing
  returning id
)
select id, true, $2::text::int, $5::text from made
union all
select id, false, version, input_hash from ${own}.holon_runs where workflow = $1::text and key = $3::text and not exists (select 1 from made)`;
}
