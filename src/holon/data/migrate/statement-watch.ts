import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { databaseAway, sqlState } from "../database-error.ts";
import { answerWithin } from "../pool/pool-connection.ts";
import { OwnerConnection } from "./owner-connection.ts";

/** A statement of a migration. */
interface MigrationStatement {
  readonly context: string;
  readonly migration: string;
  /** The number of the statement in its migration, from 1. */
  readonly statement: number;
}

/** How long a statement runs before it is checked for the first time. This is shorter than its longest wait for a lock. Units: milliseconds, here and below. */
const FIRST_LOOK_MS = 300;
const NEXT_LOOK_MS = 2_000;

/** How often it is logged that a statement still runs. */
const SAY_MS = 30_000;

/** How long a server may give no answer before the statement counts as lost. */
const SILENT_MS = 10_000;

/** After this many checks in a row that find the session idle although the answer has not come, the answer counts as lost. */
const IDLE_LOOKS = 3;

/** States of an idle session. A session whose activities are not tracked has the state `disabled`, which is not among them. */
const IDLE = /^(idle|gone)/;

/** SQLSTATE of a server that accepts no more connections. Such a server is alive. */
const TOO_MANY_CONNECTIONS = "53300";

const LOOK = `select coalesce((select state from pg_stat_activity where pid = $1::int), 'gone') as state,
  (select relation::regclass::text from pg_locks where pid = $1::int and not granted and relation is not null limit 1) as waits_for,
  array_to_json(array(
    select format('%s (pid %s, %s for %s s)', coalesce(nullif(application_name, ''), 'a session without a name'), pid, coalesce(state, 'running'),
      extract(epoch from now() - coalesce(xact_start, query_start, backend_start))::int)
    from pg_stat_activity where pid = any(pg_blocking_pids($1::int)) order by pid
  ))::text as blocked_by`;

interface Look {
  readonly state: string;
  readonly waits_for: string | null;
  readonly blocked_by: string;
}

interface StatementWatchDeps {
  readonly connection: OwnerConnection;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Watches a statement of a migration over a second connection, which is opened if the statement takes long. It finds out which sessions block the statement,
 * and whether the server still works on it.
 *
 * A statement may need an hour, so it has no time limit. It is given up if the server was silent for a while, or if the server reports that it does not work on
 * the statement any more: then the answer was lost.
 */
export class StatementWatch {
  readonly #deps: StatementWatchDeps;
  readonly #pid: number;
  #second: OwnerConnection | undefined = undefined;
  /** The check in progress. Only one check runs at a time, so that all checks share the second connection. */
  #looking: Promise<void> | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #watched: { readonly statement: MigrationStatement; readonly sinceMs: number } | undefined = undefined;
  #answeredAtMs = 0;
  #saidAtMs = 0;
  #idleLooks = 0;
  #blockedBy: readonly string[] = [];
  #waitsFor: string | undefined = undefined;

  private constructor(deps: StatementWatchDeps, pid: number) {
    this.#deps = deps;
    this.#pid = pid;
  }

  static async open(deps: StatementWatchDeps): Promise<StatementWatch> {
    const [row] = await deps.connection.rows<{ pid: number }>("select pg_backend_pid() as pid");
    return new StatementWatch(deps, row?.pid ?? 0);
  }

  /** The sessions that blocked the statement at the last check, each as a text for operators. */
  get blockedBy(): readonly string[] {
    return this.#blockedBy;
  }

  /** The table that the statement waited for at the last check. */
  get waitsFor(): string | undefined {
    return this.#waitsFor;
  }

  /** Runs one statement and watches it. Errors: the statement's; UNAVAILABLE if the server was silent. */
  async run(statement: MigrationStatement, text: string): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#watched = { statement, sinceMs: nowMs };
    this.#answeredAtMs = nowMs;
    this.#saidAtMs = nowMs;
    this.#idleLooks = 0;
    this.#lookLater(FIRST_LOOK_MS);
    try {
      await this.#deps.connection.run(text);
    } finally {
      this.#watched = undefined;
      clearTimeout(this.#timer);
    }
  }

  /** Waits for the check in progress, which may be about to open the second connection. */
  async close(): Promise<void> {
    await this.#looking;
    await this.#second?.close();
  }

  #lookLater(ms: number): void {
    this.#timer = setTimeout(() => {
      // A check that began during the previous statement may still run. The next check begins after it.
      if (this.#looking !== undefined) return this.#lookLater(FIRST_LOOK_MS);
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
      });
    }, ms);
  }

  async #look(): Promise<void> {
    const watched = this.#watched;
    try {
      this.#second ??= await OwnerConnection.open(this.#deps.connection.url, "holon migrate (watching)");
      const [found] = await answerWithin(SILENT_MS / 2, this.#second.rows<Look>(LOOK, [this.#pid]), () => databaseAway("no answer"));
      if (this.#watched !== watched || found === undefined) return;
      this.#report(found);
    } catch (error) {
      this.#second?.abandon();
      this.#second = undefined;
      if (sqlState(error) === TOO_MANY_CONNECTIONS) this.#answeredAtMs = this.#deps.clock.monotonicMs();
    }
    if (watched === undefined || this.#watched !== watched) return;
    const isSilent = this.#deps.clock.monotonicMs() - this.#answeredAtMs > SILENT_MS;
    if (isSilent || this.#idleLooks >= IDLE_LOOKS) return this.#deps.connection.abandon();
    this.#lookLater(NEXT_LOOK_MS);
  }

  #report({ state, waits_for: waitsFor, blocked_by: blockedBy }: Look): void {
    const { clock, log } = this.#deps;
    const nowMs = clock.monotonicMs();
    this.#answeredAtMs = nowMs;
    this.#idleLooks = IDLE.test(state) ? this.#idleLooks + 1 : 0;
    this.#blockedBy = JSON.parse(blockedBy) as string[];
    this.#waitsFor = waitsFor ?? undefined;
    if (this.#watched === undefined || nowMs - this.#saidAtMs < SAY_MS) return;
    this.#saidAtMs = nowMs;
    const { statement, sinceMs } = this.#watched;
    log.info({ ...statement, runningForMs: Math.round(nowMs - sinceMs), blockedBy: this.#blockedBy }, "A statement of a migration still runs.");
  }
}
