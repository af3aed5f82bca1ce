import type { z } from "zod";

/** Brings an own copy to the form that JSON would give it, in place where it can. */
export type Normalizer = (value: unknown) => unknown;

/** The normalizer of a schema; undefined where values of the schema need none. */
export function createNormalizer(_schema: z.ZodType): Normalizer | undefined {
  return undefined;
}
