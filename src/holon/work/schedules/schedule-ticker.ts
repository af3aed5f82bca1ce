import { ContractError, createParser, ParseFailure } from "../../contract/index.ts";
import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import { rowsOf, texts, type WorkDatabase } from "../engine/work-database.ts";
import type { JobMap } from "../jobs/job.ts";
import { nextTickMs } from "./cron.ts";
import type { ScheduleMap, ScheduleSpec } from "./schedule.ts";

interface ScheduleTickerDeps extends TaskDeps {
  readonly schedules: ScheduleMap;
  readonly jobs: JobMap;
  readonly database: WorkDatabase;
}

interface ScheduleRow {
  readonly name: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly next_ms: number;
  /** When the schedule fired last, and the present time, both by the clock of the database. */
  readonly fired_ms: number | null;
  readonly now_ms: number;
}

/** Time between two looks for due schedules. */
const EVERY_MS = 1_000;

/**
 * Enqueues jobs when their schedules are due. Any number of processes may do so. A process takes a tick by locking the row of its schedule. The job and the
 * next tick are written in one transaction. So a tick fires once; if the process crashes before the commit, the tick has not fired yet.
 *
 * I1. The clock of the database decides what is due and what comes next. The clock of this process decides nothing.
 * I2. The next tick is computed from the expression in the row, which the version that was started last has written. So two versions with different expressions
 *     write the same next tick.
 * I3. The next tick in a row is never later than the first tick after the present time, or after the last firing if that is later. A tick that is later was
 *     written by an earlier version on a process with a wrong clock, or by a version with older data of the time zone. It is corrected.
 */
export class ScheduleTicker implements Closable {
  readonly #deps: ScheduleTickerDeps;
  /** The ticks that were found right (I3), by schedule. */
  readonly #right = new Map<string, string>();
  readonly #task: Task;
  #ticking: Promise<void> | undefined = undefined;

  constructor(deps: ScheduleTickerDeps) {
    this.#deps = deps;
    const run = async () => {
      await this.tick();
      return false;
    };
    this.#task = new Task({ ...deps, task: "schedules", everyMs: EVERY_MS, run });
  }

  /** Errors: ContractError for a schedule whose job does not exist or whose data does not fit the job; those of the database. */
  static async start(deps: ScheduleTickerDeps): Promise<ScheduleTicker> {
    for (const [name, spec] of Object.entries(deps.schedules)) assertScheduleFits(name, spec, deps.jobs);
    const ticker = new ScheduleTicker(deps);
    if (Object.keys(deps.schedules).length === 0) return ticker;
    await ticker.#register();
    ticker.#task.wake();
    return ticker;
  }

  /** Fires what is due. Joins a look that is running. Errors: those of the database; nothing was fired then. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => {
      this.#ticking = undefined;
    });
    return this.#ticking;
  }

  async close(): Promise<void> {
    await this.#task.close();
  }

  async #register(): Promise<void> {
    const { schedules, database } = this.#deps;
    await database.transaction("register schedules", async (tx) => {
      const [{ now_ms: nowMs } = { now_ms: 0 }] = await rowsOf<{ now_ms: number }>(tx, sql`select ${msOf(sql`now()`)} as now_ms`);
      // The order is always the same. Otherwise two processes that register at once could wait for each other.
      for (const name of Object.keys(schedules).sort()) {
        const { cron, timeZone } = schedules[name] as ScheduleSpec;
        const next = moment(nextTickMs(cron, timeZone, nowMs));
        await tx.db.execute(sql`insert into ${database.table("holon_schedules")} as s (name, cron, time_zone, next_at) values (${name}, ${cron}, ${timeZone}, ${next})
          on conflict (name) do update set cron = excluded.cron, time_zone = excluded.time_zone, next_at = excluded.next_at
          where s.cron <> excluded.cron or s.time_zone <> excluded.time_zone`);
      }
    });
  }

  async #tick(): Promise<void> {
    const { schedules, database, log } = this.#deps;
    const rows = await database.rows<ScheduleRow>("look at schedules", this.#select(Object.keys(schedules)));
    const names = rows.filter((row) => isDue(row) || this.#isLate(row)).map(({ name }) => name);
    if (names.length === 0) return;
    const fired: string[] = [];
    await database.transaction("schedules", async (tx) => {
      // If several processes look at once, one gets the row. The others skip it, or see that it is not due any more.
      for (const row of await rowsOf<ScheduleRow>(tx, sql`${this.#select(names)} for update skip locked`)) {
        const { name } = row;
        const { job, data } = schedules[name] as ScheduleSpec;
        if (isDue(row)) {
          await tx.appendJob({ name: job, data, options: {} });
          await tx.db.execute(
            sql`update ${database.table("holon_schedules")} set next_at = ${moment(this.#nextMs(row))}, fired_at = now() where name = ${name}`,
          );
          fired.push(name);
        } else if (this.#isLate(row)) {
          await tx.db.execute(sql`update ${database.table("holon_schedules")} set next_at = ${moment(this.#nextMs(row))} where name = ${name}`);
          log.warn(
            { schedule: name },
            "the next tick of a schedule was later than its expression allows; it is corrected (an earlier version with a wrong clock, or older time zone data, may have written it)",
          );
        }
      }
    });
    for (const name of fired) log.info({ schedule: name }, "a schedule fired");
  }

  /** Selects schedules, without those that an operator has stopped by setting `next_at` to infinity. */
  #select(names: readonly string[]): SQL {
    const schedules = this.#deps.database.table("holon_schedules");
    return sql`select name, cron, time_zone, ${msOf(sql`next_at`)} as next_ms, ${msOf(sql`fired_at`)} as fired_ms, ${msOf(sql`now()`)} as now_ms
      from ${schedules} where name = any(${texts(names)}) and next_at < 'infinity'`;
  }

  /** Whether the next tick is later than it can be (I3). A tick that was right stays so until it is written again. */
  #isLate(row: ScheduleRow): boolean {
    const written = `${row.cron} ${row.time_zone} ${row.next_ms}`;
    if (this.#right.get(row.name) === written) return false;
    if (row.next_ms > this.#nextMs(row)) return true;
    this.#right.set(row.name, written);
    return false;
  }

  /** The next tick after the present time (I1), or after the last firing if the database's clock was put back since then. Several missed ticks fire once. */
  #nextMs({ name, cron, time_zone: timeZone, now_ms: nowMs, fired_ms: firedMs }: ScheduleRow): number {
    const afterMs = Math.max(nowMs, firedMs ?? 0);
    try {
      return nextTickMs(cron, timeZone, afterMs);
    } catch {
      // A later version wrote an expression that this version does not understand.
      const own = this.#deps.schedules[name] as ScheduleSpec;
      return nextTickMs(own.cron, own.timeZone, afterMs);
    }
  }
}

function isDue({ next_ms: nextMs, now_ms: nowMs }: ScheduleRow): boolean {
  return nextMs <= nowMs;
}

function msOf(moment: SQL): SQL {
  // Whole milliseconds, because a fraction would be rounded, and that would move the next tick.
  return sql`floor(extract(epoch from ${moment}) * 1000)::double precision`;
}

function moment(ms: number): SQL {
  return sql`to_timestamp(${ms}::double precision / 1000)`;
}

/** Errors: ContractError for a schedule whose job does not exist, or whose data does not fit the job. */
export function assertScheduleFits(name: string, { job, data }: ScheduleSpec, jobs: JobMap): void {
  const spec = jobs[job];
  if (spec === undefined) throw new ContractError(`schedule "${name}"`, `there is no job "${job}"`);
  const parsed = createParser(spec.data)(data);
  if (parsed instanceof ParseFailure)
    throw new ContractError(
      `schedule "${name}"`,
      `its data does not fit the job "${job}": ${parsed.issues.map(({ path, message }) => `${path}: ${message}`).join("; ")}`,
    );
}
