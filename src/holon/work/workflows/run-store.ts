import type { Tables } from "../../data/drizzle/database.ts";
import type { StatementRequest } from "../../data/drizzle/sql.ts";
import { quoteIdentifier } from "../../data/identifier.ts";
import type { DataTransaction } from "../../data/transaction/run-transaction.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Principal } from "../../kernel/principal.ts";
import { redactText } from "../../observe/redaction.ts";
import type { Renewal } from "../engine/leases.ts";
import { COUNTED_MOST, type WorkData, WorkDatabase } from "../engine/work-database.ts";
import { type RunClaim, STEP_KINDS, STEP_STATES } from "./run-claim.ts";
import type { KeptError } from "./step-error.ts";

/** The part of a context's data that workflows use. */
export type RunData = Pick<WorkData, "access" | "transaction" | "statement" | "listenAppended" | "context">;

/** After this many deaths, a run is a suspect: it may kill the processes that work on it. Two indexes of `holon_runs` contain this number. */
export const DEATHS_BEFORE_SUSPECT = 2;

/** The states in which a run can be claimed. */
const CLAIMED_STATES = ["waiting", "running", "sleeping", "undoing"] as const;

/** Which runs are looked for. */
export interface LookRequest {
  /** The versions that this process has bodies for, as `name@version`. */
  readonly known: readonly string[];
  /** Runs that this process works on. */
  readonly held: readonly string[];
  readonly runBy: string;
  /** Until this moment, another process whose lease has ended counts as dead. Units: milliseconds of the database's clock; 0 for never. */
  readonly reclaimUntilMs: number;
}

/** Which runs may be claimed. */
interface ClaimRequest extends LookRequest {
  readonly limit: number;
  readonly leaseMs: number;
  /** True: only suspects are claimed. False: only other runs are. */
  readonly suspects: boolean;
}

/** The columns of a row that a claim is made from. */
interface ClaimRow extends Record<string, unknown> {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly key: string;
  readonly input: unknown;
  readonly state: string;
  readonly fence: string;
  readonly deaths: number;
  readonly traceparent: string | null;
  readonly initiator: Principal;
  readonly error: KeptError | null;
}

/** The runs that were claimed. */
interface Claimed {
  readonly claims: readonly RunClaim[];
  /** When the database claimed them, in milliseconds by its own clock. */
  readonly databaseMs: number;
}

/** How many runs of each version one claim looks at. These are more than all processes take at once, so that runs which others have locked can be skipped. */
const CANDIDATES_COUNT = 1_000;

/** How many runs are not understood, for one reason. */
interface UnknownRuns {
  readonly name: string;
  readonly count: number;
}

/**
 * Statements on `holon_runs` of one context, each a transaction by itself. All times are those of the database's clock.
 *
 * I1. A run is held by one process at a time. Each claim has a new fence, and everything that is written about a run is written under its fence.
 * I2. Only runs that this version understands whole are claimed, see `isUnderstood`.
 * I3. A claim counts a death only if another process held the run and its lease ended. If the run made progress since that process claimed it, this death is
 *     number 1 again.
 */
export class RunStore {
  readonly context: string;
  readonly own: string;
  readonly #database: WorkDatabase<RunData>;

  constructor(data: RunData, clock: Clock) {
    this.context = data.context;
    this.own = quoteIdentifier(data.context);
    this.#database = new WorkDatabase(data, clock);
  }

  /** Runs one statement, prepared. The caller names the type of its rows. */
  rows<Row>(task: string, text: string, params: readonly unknown[], deadlineMs?: number): Promise<readonly Row[]> {
    return this.#database.statement<Row>(task, statement(text, params), deadlineMs);
  }

  transaction<Result>(task: string, run: (tx: DataTransaction<Tables>) => Promise<Result>): Promise<Result> {
    return this.#database.transaction(task, run);
  }

  /**
   * Claims due runs that this version understands whole (I2). If the lease of a run has ended, a death is counted: from 1 again, if the run made progress since
   * its last claim. If this process itself had claimed the run, and the answer was lost, no death is counted (I3).
   *
   * Guarantee: no two processes hold the same run. A process that held it before writes nothing more about it (I1).
   */
  async claim(request: ClaimRequest): Promise<Claimed> {
    const { own } = this;
    const { limit, leaseMs } = request;
    const look = this.#due(request, request.suspects);
    const [limitAt, leaseAt] = [look.params.length + 1, look.params.length + 2];
    // The rows are locked one by one, in their order, until there are enough.
    const text = `
with due as (
  select free.id, free.died from (select id from (${look.text}) either order by wake_at) c
  cross join lateral (
    select id, leased_by is not null and leased_by <> $2::text as died from ${own}.holon_runs where id = c.id and wake_at <= now() for update skip locked
  ) free limit $${limitAt}::text::int
), claimed as (
update ${own}.holon_runs r set fence = r.fence + 1, leased_by = $2::text, wake_at = now() + $${leaseAt}::text::float * interval '1 millisecond', claimed_at = now(),
  state = case r.state when 'undoing' then 'undoing' else 'running' end,
  deaths = case when not due.died then r.deaths
    when exists (select 1 from ${own}.holon_steps s where s.run_id = r.id and s.settled_at > r.claimed_at) then 1 else r.deaths + 1 end
from due where r.id = due.id
returning r.id, r.workflow, r.version, r.key, r.input, r.state, r.fence, r.deaths, r.traceparent, r.initiator, r.error
)
select (extract(epoch from now()) * 1000)::float as "databaseMs", claimed.* from (select 1) look left join claimed on true`;
    const params = [...look.params, limit, leaseMs];
    const rows = await this.rows<(ClaimRow | { readonly id: null }) & { readonly databaseMs: number }>("claim runs", text, params);
    const claims = rows.flatMap(({ databaseMs: _, ...row }) => (row.id === null ? [] : [toClaim(row as ClaimRow)]));
    return { claims, databaseMs: rows[0]?.databaseMs ?? 0 };
  }

  /** Whether a suspect is due, and the time of the look in milliseconds by the database's clock. */
  async suspectDue(request: LookRequest): Promise<{ readonly isDue: boolean; readonly databaseMs: number }> {
    const { text, params } = this.#due(request, true);
    const look = `select exists (${text}) as "isDue", (extract(epoch from now()) * 1000)::float as "databaseMs"`;
    const [row] = await this.rows<{ readonly isDue: boolean; readonly databaseMs: number }>("look for a suspected run", look, params);
    return row ?? { isDue: false, databaseMs: 0 };
  }

  /**
   * The statement that finds the runs that may be claimed: of each version, those that have been due longest. Each version has its place in the index, so runs
   * of other versions are not read. The second parameter is the process that looks.
   */
  #due({ known, held, runBy, reclaimUntilMs }: LookRequest, suspects: boolean): { readonly text: string; readonly params: readonly unknown[] } {
    const { own } = this;
    const ofEach = known.map(
      (_, n) => `
    (select r.id, r.wake_at from ${own}.holon_runs r
    where r.workflow = $${2 * n + 4}::text and r.version = $${2 * n + 5}::text::int and r.wake_at <= now() and r.deaths ${suspects ? ">=" : "<"} ${DEATHS_BEFORE_SUSPECT}
      and r.id <> all($1::text::uuid[]) and (r.leased_by is null or r.leased_by = $2::text or extract(epoch from now()) * 1000 < $3::text::float)
      and ${isUnderstood(own)}
    order by r.wake_at limit ${CANDIDATES_COUNT})`,
    );
    return { text: ofEach.join(" union all "), params: [`{${held.join(",")}}`, runBy, reclaimUntilMs, ...known.flatMap(nameAndVersion)] };
  }

  /** The database's clock, in milliseconds since 1970. Works even if all places of the pool are taken. */
  async now(deadlineMs: number): Promise<number> {
    const text = `select (extract(epoch from now()) * 1000)::float as "nowMs"`;
    const [row] = await this.#database.urgent<{ readonly nowMs: number }>("read the clock", text, [], deadlineMs);
    return row?.nowMs ?? 0;
  }

  /**
   * Counts the due runs that this version does not work on, for each version, state or step that it does not know. Only the {@link COUNTED_MOST} runs that have
   * been due longest are counted.
   */
  unknown(known: readonly string[]): Promise<readonly UnknownRuns[]> {
    const { own } = this;
    const text = `
select r.workflow || '@' || r.version || case
    when r.workflow || '@' || r.version <> all(array(select jsonb_array_elements_text($1::text::jsonb))) then ''
    when r.state <> all(${list(CLAIMED_STATES)}) then ' in the state ' || r.state
    else ' with a step ' || (select s.kind || ' ' || s.name || ', ' || s.state from ${own}.holon_steps s where s.run_id = r.id and ${isStrange} order by s.ordinal limit 1)
  end as name, count(*)::int as count
from (select * from ${own}.holon_runs where wake_at <= now() order by wake_at limit ${COUNTED_MOST}) r
where (r.workflow || '@' || r.version <> all(array(select jsonb_array_elements_text($1::text::jsonb))) or not (${isUnderstood(own)}))
group by 1 order by 1`;
    return this.rows<UnknownRuns>("look for unknown runs", text, [JSON.stringify(known)]);
  }

  /**
   * The statement that renews leases, each under its own fence; a second thread uses it too. Locked rows are skipped: they are still held, and are renewed at
   * the next look.
   */
  get renewal(): string {
    const { own } = this;
    return `
with held as (select h.n, h.id, h.fence from jsonb_to_recordset($1::text::jsonb) as h (n int, id uuid, fence bigint)),
ours as (select r.id from ${own}.holon_runs r join held h on h.id = r.id and h.fence = r.fence where r.leased_by is not null),
free as (select r.id from ${own}.holon_runs r join held h on h.id = r.id and h.fence = r.fence where r.leased_by is not null for no key update of r skip locked),
renewed as (
  update ${own}.holon_runs r set wake_at = now() + $2::text::float * interval '1 millisecond' from free where r.id = free.id returning r.id
)
select h.n, h.id in (select id from renewed) as renewed from held h where h.id in (select id from ours)`;
  }

  /** Lengthens leases, see {@link RunStore.renewal}. */
  async renew(claims: readonly RunClaim[], leaseMs: number, deadlineMs: number): Promise<Renewal<RunClaim>> {
    const held = claims.map(({ id, fence }, n) => ({ n, id, fence }));
    type Row = { readonly n: number; readonly renewed: boolean };
    const rows = await this.#database.urgent<Row>("renew leases of runs", this.renewal, [JSON.stringify(held), String(leaseMs)], deadlineMs);
    const lost = new Set(claims);
    for (const { n } of rows) lost.delete(claims[n] as RunClaim);
    return { renewed: new Set(rows.filter(({ renewed }) => renewed).map(({ n }) => claims[n] as RunClaim)), lost };
  }

  /** Ends a run. Returns whether this process still held it. */
  done({ id, fence }: RunClaim, result: unknown): Promise<boolean> {
    const text = `update ${this.own}.holon_runs set state = 'done', result = $3::text::json, settled_at = now(), wake_at = null, leased_by = null, deaths = 0
      where id = $1::text::uuid and fence = $2::text::bigint returning 1 as one`;
    return this.#wasOurs("end run", text, [id, fence, JSON.stringify(result) ?? null]);
  }

  /** Records that a run failed and is being undone. This process still holds it, and undoes it. */
  failed({ id, fence }: RunClaim, error: KeptError): Promise<boolean> {
    const text = `update ${this.own}.holon_runs set state = 'undoing', error = $3::text::json, reason = $4::text
      where id = $1::text::uuid and fence = $2::text::bigint returning 1 as one`;
    return this.#wasOurs("fail run", text, [id, fence, JSON.stringify(error), redactText(`${error.code}: ${error.message}`)]);
  }

  undone({ id, fence }: RunClaim): Promise<boolean> {
    const text = `update ${this.own}.holon_runs set state = 'undone', settled_at = now(), wake_at = null, leased_by = null, deaths = 0
      where id = $1::text::uuid and fence = $2::text::bigint returning 1 as one`;
    return this.#wasOurs("end undone run", text, [id, fence]);
  }

  /** Sets a run aside until an operator resumes it. */
  stuck({ id, fence }: RunClaim, reason: string): Promise<boolean> {
    const text = `update ${this.own}.holon_runs set state = 'stuck', reason = $3::text, wake_at = null, leased_by = null
      where id = $1::text::uuid and fence = $2::text::bigint returning 1 as one`;
    return this.#wasOurs("set run aside", text, [id, fence, reason.slice(0, 2_000)]);
  }

  /**
   * Gives a run back, to be claimed again after a while. A run that has failed goes on being undone. A run that has ended or was set aside under this claim
   * stays so.
   */
  giveBack(claim: RunClaim, waitMs: number): Promise<boolean> {
    return this.#giveBack(claim, waitMs, "0");
  }

  /** Like {@link giveBack}, for a run that was not begun: the count of deaths is kept. */
  giveBackUnbegun(claim: RunClaim, waitMs: number): Promise<boolean> {
    return this.#giveBack(claim, waitMs, "deaths");
  }

  /** Whether this process still holds the run. */
  isHeld({ id, fence }: RunClaim): Promise<boolean> {
    return this.#wasOurs("look for run", `select 1 as one from ${this.own}.holon_runs where id = $1::text::uuid and fence = $2::text::bigint`, [
      id,
      fence,
    ]);
  }

  #giveBack({ id, fence }: RunClaim, waitMs: number, deaths: "0" | "deaths"): Promise<boolean> {
    const text = `update ${this.own}.holon_runs set state = case when error is null then 'waiting' else 'undoing' end, wake_at = now() + $3::text::float * interval '1 millisecond', leased_by = null, deaths = ${deaths}
      where id = $1::text::uuid and fence = $2::text::bigint and leased_by is not null returning 1 as one`;
    return this.#wasOurs("give run back", text, [id, fence, waitMs]);
  }

  async #wasOurs(task: string, text: string, params: readonly unknown[]): Promise<boolean> {
    return (await this.rows(task, text, params)).length > 0;
  }
}

/** Makes a claim from a row. */
function toClaim({ state, traceparent, error, ...row }: ClaimRow): RunClaim {
  return { ...row, fence: String(row.fence), isUndoing: state === "undoing", traceparent: traceparent ?? undefined, error: error ?? undefined };
}

/**
 * I2. Whether this version knows the state of the run `r`, and the kinds and states of all its steps: another version may have more of them. A run that was
 *     never claimed has no steps, so they are not looked for.
 */
function isUnderstood(own: string): string {
  return `r.state = any(${list(CLAIMED_STATES)}) and (r.fence = 0 or not exists (select 1 from ${own}.holon_steps s where s.run_id = r.id and ${isStrange}))`;
}

/** Splits `<name>@<version>`. */
function nameAndVersion(known: string): readonly [string, string] {
  const at = known.lastIndexOf("@");
  return [known.slice(0, at), known.slice(at + 1)];
}

const isStrange = `(s.kind <> all(${list(STEP_KINDS)}) or s.state <> all(${list(STEP_STATES)}))`;

function list(words: readonly string[]): string {
  return `array[${words.map((word) => `'${word}'`).join(", ")}]`;
}

/** Makes a prepared statement. There are only a few texts, so that the server keeps the plan of each. */
export function statement(text: string, params: readonly unknown[]): StatementRequest {
  return { text, params: params.map((param) => (typeof param === "number" ? String(param) : param)), prepare: true, rows: "objects" };
}
