import type { AnySchema } from "./schema-def.ts";
import { defOf } from "./schema-def.ts";

/** zod's messages for a discriminated union whose tags do not distinguish its options. zod throws them at the first parse only. */
const REFUSALS = /^(?:Duplicate|Ambiguous) discriminator value|^Invalid discriminated union option/;

/** Why zod would refuse a discriminated union at its first parse; undefined if it accepts it, and for every other schema. */
export function unionRefusal(schema: AnySchema): string | undefined {
  const { discriminator } = defOf(schema);
  if (discriminator === undefined) return undefined;
  try {
    // A tag that no option has: zod looks it up, and enters no option.
    schema._zod.run({ value: { [discriminator]: Symbol("no option") }, issues: [] }, { async: false });
  } catch (error) {
    // With `unionFallback` zod enters the options anyway. Their checks then throw because of the value, not because of the tags.
    if (error instanceof Error && REFUSALS.test(error.message)) return error.message;
  }
  return undefined;
}
