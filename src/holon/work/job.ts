import type { z } from "zod";

/** How a job is tried. */
export interface JobOptions {
  /** Attempts in all, the first one included; 8 where none is given. */
  readonly attempts?: number;
}

/** What a context says of one kind of job. Plain data; made by {@link job}. */
export interface JobSpec<Data extends z.ZodObject = z.ZodObject> {
  readonly kind: "job";
  readonly data: Data;
  readonly options: JobOptions;
}

/** Jobs by name; names are imperatives. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every payload, and zod's types are invariant
export type JobMap = Readonly<Record<string, JobSpec<any>>>;

/** Work that a context does later, on its own account. */
export function job<Data extends z.ZodObject>(data: Data, options: JobOptions = {}): JobSpec<Data> {
  return { kind: "job", data, options };
}
