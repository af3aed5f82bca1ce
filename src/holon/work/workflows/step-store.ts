import type { StatementRequest } from "../../data/drizzle/sql.ts";
import { WAS_CUT_OFF_TEXT } from "../engine/cut-off.ts";
import type { AnswerPlace } from "./answer-order.ts";
import type { RunClaim, StepKind, StepRecord } from "./run-claim.ts";
import { type RunStore, statement } from "./run-store.ts";
import type { KeptError } from "./step-error.ts";

/** The place of a step in its run. */
export interface StepPlace {
  readonly name: string;
  readonly ordinal: number;
  readonly kind: StepKind;
  /** Whether other steps were under way when the body reached it. */
  readonly concurrent: boolean;
}

/** The attempts of a step. */
export interface StepTries {
  readonly attempts: number;
  /** Of `attempts`, those that count as failures of the step. */
  readonly failures: number;
  /** Why the last attempt failed; undefined if no attempt has failed in this process. */
  readonly reason: string | undefined;
  /** Whether an attempt may have had its effect. */
  readonly inDoubt: boolean;
}

/** The event that a step waits for. */
export interface AwaitedKey {
  /** As `<producer>.<event>`. */
  readonly event: string;
  readonly key: string;
}

interface StepRow extends Omit<StepRecord, "error" | "answerNumber"> {
  readonly error: KeptError | null;
  readonly answerNumber: number | null;
  /** Whether the result is `undefined`, which is not JSON. */
  readonly absent: boolean;
}

/**
 * The statements on `holon_steps`. Each statement writes under the fence of its run. If another process has the run, the statement inserts null as the run's
 * id. The table refuses that, and the transaction of the statement fails with it. A key lock on the run is enough, because a claim locks the whole row before
 * it takes the run.
 */
export class StepStore {
  readonly #runs: RunStore;
  readonly #begun: string;
  readonly #ended: string;

  constructor(runs: RunStore) {
    this.#runs = runs;
    const { own } = runs;
    const held = `(select id from ${own}.holon_runs where id = $1::text::uuid and fence = $2::text::bigint for key share)`;
    this.#begun = `
insert into ${own}.holon_steps as s (run_id, name, ordinal, kind, concurrent, state, attempts, in_doubt, wake_at, awaits, awaits_key, failures, reason)
values (${held}, $3::text, $4::text::int, $5::text, $6::text::boolean, 'started', $7::text::int, $8::text::boolean, now() + $9::text::float * interval '1 millisecond', $10::text, $11::text,
  $12::text::int, $13::text)
on conflict (run_id, name) do update set attempts = excluded.attempts, in_doubt = excluded.in_doubt, failures = excluded.failures, reason = coalesce(excluded.reason, s.reason)`;
    // A step that has ended must not end again: its effect would happen twice.
    this.#ended = `
insert into ${own}.holon_steps as s (run_id, name, ordinal, kind, concurrent, state, attempts, result, error, in_doubt, event_id, answer_number, settled_at)
values (${held}, $3::text, $4::text::int, $5::text, $6::text::boolean, $7::text, $8::text::int, $9::text::json, $10::text::json, $11::text::boolean, $12::text::uuid, $13::text::int, now())
on conflict (run_id, name) do update set state = case s.state when 'started' then excluded.state end, attempts = excluded.attempts, result = excluded.result,
  error = excluded.error, in_doubt = excluded.in_doubt, event_id = excluded.event_id, answer_number = excluded.answer_number, settled_at = now()`;
  }

  /** The recorded steps of runs, with all results: these may be hundreds of megabytes. */
  load(ids: readonly string[], deadlineMs?: number): Promise<readonly StepRecord[]> {
    return this.#read("read steps", "run_id = any($1::text::uuid[]) order by ordinal", [`{${ids.join(",")}}`], deadlineMs);
  }

  /** One step as it is recorded; undefined if it is not recorded. */
  async find({ id }: RunClaim, { name }: StepPlace): Promise<StepRecord | undefined> {
    const [record] = await this.#read(`read step ${name}`, "run_id = $1::text::uuid and name = $2::text", [id, name]);
    return record;
  }

  async #read(task: string, which: string, params: readonly string[], deadlineMs?: number): Promise<readonly StepRecord[]> {
    const text = `
select run_id as "runId", name, ordinal, kind, concurrent, state, attempts, failures, ${WAS_CUT_OFF_TEXT} as "wasCutOff", result, result is null as absent, error, in_doubt as "inDoubt", undo_attempts as "undoAttempts", undo_failures as "undoFailures",
  coalesce(extract(epoch from wake_at - now()) * 1000, 0)::float as "leftMs", answer_number as "answerNumber", coalesce(extract(epoch from settled_at) * 1000, 0)::float as "settledAtMs"
from ${this.#runs.own}.holon_steps where ${which}`;
    const rows = await this.#runs.rows<StepRow>(task, text, params, deadlineMs);
    return rows.map(({ error, absent, answerNumber, ...row }) => ({
      ...row,
      result: absent ? undefined : row.result,
      error: error ?? undefined,
      answerNumber: answerNumber ?? undefined,
    }));
  }

  /** Records the attempts of a step, before the next one begins. */
  async begun(claim: RunClaim, place: StepPlace, { attempts, inDoubt, failures, reason }: StepTries): Promise<void> {
    await this.#write(this.#begun, claim, place, [attempts, inDoubt, null, null, null, failures, reason ?? null]);
  }

  /** Records that a step sleeps or waits for an event. */
  async waits(claim: RunClaim, place: StepPlace, ms: number, awaited: AwaitedKey | undefined): Promise<void> {
    await this.#write(this.#begun, claim, place, [1, false, ms, awaited?.event ?? null, awaited?.key ?? null, 0, null]);
  }

  /** The statement that records a result, for the transaction of the step's effect. */
  done(
    { id, fence }: RunClaim,
    { name, ordinal, kind, concurrent }: StepPlace,
    attempts: number,
    result: unknown,
    { number }: AnswerPlace,
    eventId?: string,
  ): StatementRequest {
    return statement(this.#ended, [
      id,
      fence,
      name,
      ordinal,
      kind,
      String(concurrent),
      "done",
      attempts,
      toJson(result),
      null,
      "false",
      eventId ?? null,
      number,
    ]);
  }

  async writeDone(claim: RunClaim, place: StepPlace, attempts: number, result: unknown, answer: AnswerPlace, eventId?: string): Promise<void> {
    const { text, params } = this.done(claim, place, attempts, result, answer, eventId);
    await this.#runs.rows(`step ${place.name}`, text, params);
  }

  async failed(claim: RunClaim, place: StepPlace, attempts: number, error: KeptError, inDoubt: boolean, { number }: AnswerPlace): Promise<void> {
    await this.#write(this.#ended, claim, place, ["failed", attempts, null, JSON.stringify(error), inDoubt, null, number]);
  }

  /** The statement that records that a step is undone, for the transaction that undoes it. */
  undone(claim: RunClaim, { name }: StepPlace): StatementRequest {
    const { own } = this.#runs;
    const text = `
with held as (select id from ${own}.holon_runs where id = $1::text::uuid and fence = $2::text::bigint for key share)
update ${own}.holon_steps s set state = case when s.state <> 'undone' and exists (select 1 from held) then 'undone' end, in_doubt = s.in_doubt or s.state = 'started', settled_at = now() where run_id = $1::text::uuid and name = $3::text`;
    return statement(text, [claim.id, claim.fence, name]);
  }

  async writeUndone(claim: RunClaim, place: StepPlace): Promise<void> {
    const { text, params } = this.undone(claim, place);
    await this.#runs.rows(`step ${place.name} undone`, text, params);
  }

  async undoFailed({ id, fence }: RunClaim, { name }: StepPlace, attempts: number, failures: number): Promise<void> {
    const { own } = this.#runs;
    const text = `update ${own}.holon_steps set undo_attempts = $4::text::int, undo_failures = $5::text::int where run_id = $1::text::uuid and name = $3::text
      and exists (select 1 from ${own}.holon_runs where id = $1::text::uuid and fence = $2::text::bigint)`;
    await this.#runs.rows(`undoing of step ${name}`, text, [id, fence, name, attempts, failures]);
  }

  async #write(text: string, { id, fence }: RunClaim, { name, ordinal, kind, concurrent }: StepPlace, values: readonly unknown[]): Promise<void> {
    const texts = values.map((value) => (typeof value === "boolean" ? String(value) : value));
    await this.#runs.rows(`step ${name}`, text, [id, fence, name, ordinal, kind, String(concurrent), ...texts]);
  }
}

function toJson(result: unknown): string | null {
  return JSON.stringify(result) ?? null;
}
