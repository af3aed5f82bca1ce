import type { z } from "zod";
import { NOTHING } from "../../contract/index.ts";

/** How a job is tried. Times are in milliseconds. */
export interface JobOptions<Result extends z.ZodType = z.ZodType> {
  /** Attempts in all, the first one included; 8 where none is given. Deaths of the process are no attempts. */
  readonly attempts?: number;
  /** What its handler answers; nothing where none is given. */
  readonly result?: Result;
  /** Waits between attempts: exponential with full jitter, from 1 s up to 15 min where none are given. */
  readonly backoff?: { readonly firstMs: number; readonly greatestMs: number };
  /** Longest run; 60 s where none is given. */
  readonly timeoutMs?: number;
  /** Runs at once in one process; gives the job a queue of its own. */
  readonly concurrency?: number;
  /** Runs in a stretch of time, over all processes; gives the job a queue of its own. */
  readonly rate?: { readonly max: number; readonly perMs: number };
}

/** What a context says of one kind of job. Plain data; made by {@link job}. */
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

/** Jobs by name; names are imperatives. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every payload, and zod's types are invariant
export type JobMap = Readonly<Record<string, JobSpec<any, any>>>;

const LONGEST_BACKOFF_MS = 15 * 60_000;

/** Work that a context does later, on its own account. */
export function job<Data extends z.ZodObject, Result extends z.ZodType = typeof NOTHING>(
  data: Data,
  options: JobOptions<Result> = {},
): JobSpec<Data, Result> {
  return {
    kind: "job",
    data,
    // Without a schema `Result` is the type of this one.
    result: options.result ?? (NOTHING as z.ZodType as Result),
    attempts: options.attempts ?? 8,
    backoff: options.backoff ?? { firstMs: 1_000, greatestMs: LONGEST_BACKOFF_MS },
    timeoutMs: options.timeoutMs ?? 60_000,
    concurrency: options.concurrency,
    rate: options.rate,
  };
}
