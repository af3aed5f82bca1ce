import { ContractError } from "../../contract/index.ts";
import { nextTickMs } from "./cron.ts";

/** Says when a job is enqueued by itself. It is plain data, and {@link schedule} makes it. */
export interface ScheduleSpec<Job extends string = string, Data = unknown> {
  readonly kind: "schedule";
  readonly cron: string;
  readonly timeZone: string;
  readonly job: Job;
  readonly data: Data;
}

/** Schedules by name. */
export type ScheduleMap = Readonly<Record<string, ScheduleSpec>>;

/**
 * Enqueues a job of the context at each tick of a cron expression. If several ticks were missed, the job is enqueued once.
 *
 * Errors: ContractError for a malformed expression or a time zone that does not exist; thrown when the schedule is declared.
 */
export function schedule<const Job extends string, const Data>(
  cron: string,
  job: Job,
  data: Data,
  options: { readonly timeZone?: string } = {},
): ScheduleSpec<Job, Data> {
  const { timeZone = "UTC" } = options;
  try {
    if (!isWhole(cron)) throw new ContractError("cron", "it does not have five or six fields");
    nextTickMs(cron, timeZone, 0);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new ContractError(
      `schedule of job "${job}"`,
      `"${cron}" in ${timeZone} is not a cron expression (${said}); write "minute hour day month weekday", and a zone such as Europe/Berlin`,
    );
  }
  return { kind: "schedule", cron, timeZone, job, data };
}

/** Whether the text has five or six fields, or is a name such as `@daily`. cron-parser fills in missing fields: it reads an empty text as "every minute". */
function isWhole(cron: string): boolean {
  const fields = cron.trim().split(/\s+/).length;
  return fields === 5 || fields === 6 || /^@[a-z]+$/.test(cron.trim());
}
