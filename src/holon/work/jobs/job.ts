import type { z } from "zod";
import { NOTHING } from "../../contract/index.ts";

/** How a job is run, and run again after a failure. Units: milliseconds. */
export interface JobOptions<Result extends z.ZodType = z.ZodType> {
  /** Attempts in all, including the first one. Default: 8. Deaths of the process are not counted as attempts. */
  readonly attempts?: number;
  /** What the handler returns. Default: nothing. */
  readonly result?: Result;
  /** Waits between attempts: exponential with full jitter. Default: from 1 s up to 15 min. */
  readonly backoff?: { readonly firstMs: number; readonly greatestMs: number };
  /** Longest time of a run. Default: 60 s. */
  readonly timeoutMs?: number;
  /** How many of these jobs run at once in one process. A job with this limit has a queue of its own. */
  readonly concurrency?: number;
  /** How many of these jobs start in a period of time, in all processes together. A job with this limit has a queue of its own. */
  readonly rate?: { readonly max: number; readonly perMs: number };
}

/** The declaration of one kind of job. It is plain data, and {@link job} makes it. */
export interface JobSpec<Data extends z.ZodObject = z.ZodObject, Result extends z.ZodType = z.ZodType> {
  readonly kind: "job";
  readonly data: Data;
  readonly result: Result;
  readonly attempts: number;
  readonly backoff: { readonly firstMs: number; readonly greatestMs: number };
  readonly timeoutMs: number;
  readonly concurrency: number | undefined;
  readonly rate: { readonly max: number; readonly perMs: number } | undefined;
}

/** Jobs by name. Names are imperatives. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every payload, and zod's types are invariant
export type JobMap = Readonly<Record<string, JobSpec<any, any>>>;

const LONGEST_BACKOFF_MS = 15 * 60_000;

/** Declares work that a context does later, outside of the call that asks for it. */
export function job<Data extends z.ZodObject, Result extends z.ZodType = typeof NOTHING>(
  data: Data,
  options: JobOptions<Result> = {},
): JobSpec<Data, Result> {
  return {
    kind: "job",
    data,
    // Without a schema, `Result` is the type of `NOTHING`.
    result: options.result ?? (NOTHING as z.ZodType as Result),
    attempts: options.attempts ?? 8,
    backoff: options.backoff ?? { firstMs: 1_000, greatestMs: LONGEST_BACKOFF_MS },
    timeoutMs: options.timeoutMs ?? 60_000,
    concurrency: options.concurrency,
    rate: options.rate,
  };
}
