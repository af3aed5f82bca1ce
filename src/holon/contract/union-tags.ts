import type { AnySchema } from "./schema-def.ts";
import { defOf } from "./schema-def.ts";

/** What zod says of a discriminated union whose tags do not tell its options apart. It says so at the first parse only. */
const REFUSALS = /^(?:Duplicate|Ambiguous) discriminator value|^Invalid discriminated union option/;

/** Why zod would refuse a discriminated union at its first parse; undefined where it takes it, and for every other schema. */
export function unionRefusal(schema: AnySchema): string | undefined {
  const { discriminator } = defOf(schema);
  if (discriminator === undefined) return undefined;
  try {
    // A tag that no option has: zod looks it up, and enters no option.
    schema._zod.run({ value: { [discriminator]: Symbol("no option") }, issues: [] }, { async: false });
  } catch (error) {
    // With `unionFallback` zod enters the options anyway: what their checks throw is about the value, not about the tags.
    if (error instanceof Error && REFUSALS.test(error.message)) return error.message;
  }
  return undefined;
}
