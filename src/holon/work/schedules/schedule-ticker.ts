import { ContractError, createParser, ParseFailure } from "../../contract/index.ts";
import { type SQL, sql } from "../../data/index.ts";
import type { Clock, Closable, Logger } from "../../kernel/index.ts";
import type { JobMap } from "../jobs/job.ts";
import { type JobDatabase, texts } from "../jobs/job-database.ts";
import { nextTickMs } from "./cron.ts";
import type { ScheduleMap, ScheduleSpec } from "./schedule.ts";

/** What {@link ScheduleTicker} needs. */
export interface ScheduleTickerParts {
  readonly schedules: ScheduleMap;
  readonly jobs: JobMap;
  readonly database: JobDatabase;
  readonly clock: Clock;
  readonly log: Logger;
}

interface DueRow {
  readonly name: string;
  readonly next_ms: number;
}

/** Between two looks at the clock. */
const EVERY_MS = 1_000;

/**
 * Enqueues jobs when their schedules are due. Any number of replicas may do so: a tick is taken by its row, and job and next tick are written
 * together, so it fires once or, after a crash, not yet.
 */
export class ScheduleTicker implements Closable {
  readonly #parts: ScheduleTickerParts;
  #timer: NodeJS.Timeout | undefined = undefined;
  #ticking: Promise<void> | undefined = undefined;

  constructor(parts: ScheduleTickerParts) {
    this.#parts = parts;
  }

  /** Errors: ContractError for a schedule whose job does not exist, or whose data does not fit it; the database's. */
  static async start(parts: ScheduleTickerParts): Promise<ScheduleTicker> {
    for (const [name, spec] of Object.entries(parts.schedules)) assertFits(name, spec, parts.jobs);
    const ticker = new ScheduleTicker(parts);
    if (Object.keys(parts.schedules).length === 0) return ticker;
    await ticker.#register();
    ticker.#timer = setInterval(() => {
      ticker.tick().catch((error: unknown) => parts.log.warn({ err: error }, "schedules could not be looked at; the next time they are"));
    }, EVERY_MS);
    ticker.#timer.unref();
    return ticker;
  }

  /** Fires what is due; joins a look that is under way. Errors: the database's; nothing was fired then. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => {
      this.#ticking = undefined;
    });
    return this.#ticking;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#ticking?.catch(() => {});
  }

  async #register(): Promise<void> {
    const { schedules, database, clock } = this.#parts;
    for (const [name, { cron, timeZone }] of Object.entries(schedules)) {
      const nextMs = nextTickMs(cron, timeZone, clock.nowMs());
      await database.rows(
        "register schedule",
        sql`insert into ${database.schedules} as s (name, cron, time_zone, next_at) values (${name}, ${cron}, ${timeZone}, ${moment(nextMs)})
          on conflict (name) do update set cron = excluded.cron, time_zone = excluded.time_zone, next_at = excluded.next_at
          where s.cron <> excluded.cron or s.time_zone <> excluded.time_zone`,
      );
    }
  }

  async #tick(): Promise<void> {
    const { schedules, database, clock, log } = this.#parts;
    const names = Object.keys(schedules);
    if (names.length === 0) return;
    const nowMs = clock.nowMs();
    const fired = await database.transaction("schedules", async (tx) => {
      const due = [
        ...(await tx.db.execute(sql`select name, (extract(epoch from next_at) * 1000)::double precision as next_ms from ${database.schedules}
          where name = any(${texts(names)}) and next_at <= ${moment(nowMs)} for update skip locked`)),
      ] as unknown as DueRow[];
      for (const { name, next_ms: dueMs } of due) {
        const { job, data, cron, timeZone } = schedules[name] as ScheduleSpec;
        await tx.appendJob({ name: job, data, options: {} });
        // From the later of the two: one tick for all that were missed, and never the same tick again where this clock is behind.
        const nextMs = nextTickMs(cron, timeZone, Math.max(nowMs, dueMs));
        await tx.db.execute(sql`update ${database.schedules} set next_at = ${moment(nextMs)}, fired_at = now() where name = ${name}`);
      }
      return due;
    });
    for (const { name } of fired) log.info({ schedule: name }, "a schedule fired");
  }
}

function moment(ms: number): SQL {
  return sql`to_timestamp(${ms}::double precision / 1000)`;
}

function assertFits(name: string, { job, data }: ScheduleSpec, jobs: JobMap): void {
  const spec = jobs[job];
  if (spec === undefined) throw new ContractError(`schedule "${name}"`, `there is no job "${job}"`);
  const parsed = createParser(spec.data)(data);
  if (parsed instanceof ParseFailure)
    throw new ContractError(
      `schedule "${name}"`,
      `its data does not fit the job "${job}": ${parsed.issues.map(({ path, message }) => `${path}: ${message}`).join("; ")}`,
    );
}
