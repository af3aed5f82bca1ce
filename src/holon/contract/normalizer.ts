import type { z } from "zod";
import { copyJson, normalizeJson, withoutUndefined } from "./json-form.ts";
import { NormalizerCode } from "./normalizer-code.ts";
import type { AnySchema } from "./schema-def.ts";
import { schemaTraits } from "./schema-walk.ts";

/** Brings an own copy to the form that JSON would give it, in place where it can. */
export type Normalizer = (value: unknown) => unknown;

/**
 * The normalizer of a schema; undefined where values of the schema need none.
 *
 * It is straight code made for the schema, because it runs in every local call: a walk over the value by key costs more than parsing does.
 * Where code cannot be generated, as under a strict content security policy, and for unions whose members cannot be told apart, the value is
 * walked. Values of recursive schemas are copied: zod gives one copy to two places that held one object, JSON gives two.
 */
export function createNormalizer(schema: z.ZodType): Normalizer | undefined {
  if (schemaTraits(schema as AnySchema).recursive) return copyJson;
  const code = new NormalizerCode();
  const body = code.emit(schema as AnySchema, "value");
  if (body === "") return undefined;
  try {
    const make = new Function("normalizeJson", "withoutUndefined", "constants", `"use strict"; return (value) => { ${body} return value; };`);
    return make(normalizeJson, withoutUndefined, code.constants) as Normalizer;
  } catch {
    return normalizeJson;
  }
}
