import type { z } from "zod";
import type { AnyProcedure } from "../contract/index.ts";
import type { JobMap, ScheduleSpec } from "../work/index.ts";
import type { ContextTypes, HandlerContext, Transaction } from "./handler-context.ts";

type MaybePromise<T> = T | Promise<T>;

/** What the handler of a job answers; one whose job declares no result need not return. */
export type JobReturn<Result extends z.ZodType> = undefined extends z.input<Result> ? z.input<Result> | void : z.input<Result>;

/** What the handler of a job gets. */
export interface JobArguments<T extends ContextTypes, Name extends keyof T["jobs"]> {
  readonly data: z.output<T["jobs"][Name]["data"]>;
  /** Made for the system `<context>/job <name>`; `ctx.initiator` is who enqueued, `ctx.signal` is aborted at the job's timeout. */
  readonly ctx: HandlerContext<T, AnyProcedure>;
  /** Counts from 1; higher where an earlier run failed or died. */
  readonly attempt: number;
  /** Keeps how far it is, for those who look. */
  progress(value: object | number): Promise<void>;
  /**
   * Runs the transaction whose commit ends the job: effect and end are written together, so the effect happens once, also where the process
   * dies right after it. What comes after it is not tried again. What is written by `ctx.transaction` happens again with each run.
   *
   * Errors: KEY_IN_FLIGHT where the job was taken to be dead meanwhile and is run by another: nothing is written.
   */
  complete(run: (tx: Transaction<T>) => Promise<JobReturn<T["jobs"][Name]["result"]>>): Promise<void>;
}

/** The handlers of a context's jobs: one for each, no more and no fewer. */
export type JobHandlersOf<T extends ContextTypes> = {
  readonly [Name in keyof T["jobs"]]: (args: JobArguments<T, Name>) => MaybePromise<JobReturn<T["jobs"][Name]["result"]>>;
};

/** What `implement` takes of jobs: their handlers, where the context declares any. */
export type JobParts<T extends ContextTypes> = keyof T["jobs"] extends never ? { readonly jobs?: {} } : { readonly jobs: JobHandlersOf<T> };

/** Schedules whose jobs exist and whose data fits them. */
export type SchedulesOf<J extends JobMap> = Readonly<
  Record<string, { [Name in keyof J & string]: ScheduleSpec<Name, z.input<J[Name]["data"]>> }[keyof J & string]>
>;
