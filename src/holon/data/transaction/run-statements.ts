import type { Principal } from "../../kernel/index.ts";
import type { StatementRequest } from "../drizzle/statement-runner.ts";
import { quoteIdentifier } from "../identifier.ts";
import type { AppendOrigin } from "./outbox-row.ts";

/** A workflow that a transaction starts, when it commits. */
export interface AppendedRun {
  readonly workflow: string;
  readonly version: number;
  /** One run a workflow and key, for ever. */
  readonly key: string;
  /** JSON. */
  readonly input: unknown;
  /** Tells the same input from another. */
  readonly inputHash: string;
  readonly origin?: AppendOrigin;
}

/** The run that stands after it was started, by this transaction or by an earlier one. */
export interface AppendedRunRow {
  readonly id: string;
  readonly isNew: boolean;
  /** Of its workflow: it stays on the one that it was started with. */
  readonly version: number;
  readonly inputHash: string;
}

/** The statement that starts a run in the caller's transaction. */
export class RunStatements {
  readonly #text: string;

  constructor(schema: string) {
    this.#text = startText(quoteIdentifier(schema));
  }

  /** Shape: one row; none where another transaction has just started it, which the same statement finds when it is run again. */
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
