import type { z } from "zod";
import type { AnyProcedure } from "../contract/index.ts";
import type { JobMap } from "../work/jobs/job.ts";
import type { ScheduleSpec } from "../work/schedules/schedule.ts";
import type { ContextTypes, HandlerContext, Transaction } from "./handler-context.ts";

type MaybePromise<T> = T | Promise<T>;

/** The return type of a job's handler. If the job declares no result, the handler need not return a value. */
export type JobReturn<Result extends z.ZodType> = undefined extends z.input<Result> ? z.input<Result> | void : z.input<Result>;

/** The arguments of a job's handler. */
export interface JobArguments<T extends ContextTypes, Name extends keyof T["jobs"]> {
  readonly data: z.output<T["jobs"][Name]["data"]>;
  /** Made for the system `<context>/job <name>`. `ctx.initiator` is the principal that enqueued the job; `ctx.signal` is aborted at the job's timeout. */
  readonly ctx: HandlerContext<T, AnyProcedure>;
  /** Counts from 1; higher if an earlier run failed or its process died. */
  readonly attempt: number;
  /** Stores how far the job is, for operators to see. */
  progress(value: object | number): Promise<void>;
  /**
   * Runs the transaction whose commit ends the job. Effect and end are written together, so the effect happens once, even if the process dies right after the
   * commit. Code after it is not tried again. Writes of `ctx.transaction` happen again with each run.
   *
   * Errors: KEY_IN_FLIGHT if this run was taken for dead and another process runs the job now: nothing is written.
   */
  complete(run: (tx: Transaction<T>) => Promise<JobReturn<T["jobs"][Name]["result"]>>): Promise<void>;
}

/** The handlers of a context's jobs: one for each, no more and no fewer. */
export type JobHandlersOf<T extends ContextTypes> = {
  readonly [Name in keyof T["jobs"]]: (args: JobArguments<T, Name>) => MaybePromise<JobReturn<T["jobs"][Name]["result"]>>;
};

/** The `jobs` that `implement` takes: required if the context declares any. */
export type JobParts<T extends ContextTypes> = keyof T["jobs"] extends never ? { readonly jobs?: {} } : { readonly jobs: JobHandlersOf<T> };

/** Schedules whose jobs exist and whose data fits them. */
export type SchedulesOf<J extends JobMap> = Readonly<
  Record<string, { [Name in keyof J & string]: ScheduleSpec<Name, z.input<J[Name]["data"]>> }[keyof J & string]>
>;
