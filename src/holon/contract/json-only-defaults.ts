import { isJson } from "./json-image.ts";
import { type JsonRefusal, REFUSED_FORMS } from "./json-only-refusals.ts";
import type { AnySchema, SchemaDef } from "./schema-def.ts";

/** Why a default cannot be part of a contract; undefined if it can. A default is returned without being parsed, so it must be valid as it is. */
export function defaultRefusal(def: SchemaDef): JsonRefusal | undefined {
  const [first, second] = [def.defaultValue, def.defaultValue];
  if (first === undefined || !isJson(first) || !fits(def, first)) return REFUSED_FORMS.badDefault;
  return shares(first, second) ? REFUSED_FORMS.sharedDefault : undefined;
}

/** Why a catch cannot be part of a contract; undefined if it can. */
export function catchRefusal(def: SchemaDef): JsonRefusal | undefined {
  const make = def.catchValue as (() => unknown) & { readonly [CONSTANT]?: true };
  if (make[CONSTANT] !== true) return REFUSED_FORMS.catchCallback;
  const value = make();
  if (typeof value === "object" && value !== null) return REFUSED_FORMS.sharedCatch;
  return isJson(value) ? undefined : REFUSED_FORMS.badDefault;
}

/** zod sets this member on a catch with a value; a catch with a function does not have it. */
const CONSTANT = "~constantCatch";

type Run = (payload: { value: unknown; issues: unknown[] }, context: { async: false }) => { readonly issues?: readonly unknown[] };

/** Whether the schema inside a default accepts it. If a check throws, as asynchronous ones do, the schema accepts nothing. */
function fits(def: SchemaDef, value: unknown): boolean {
  const { run } = (def.innerType as AnySchema)._zod as unknown as { readonly run: Run };
  try {
    return run({ value, issues: [] }, { async: false }).issues?.length === 0;
  } catch {
    return false;
  }
}

/** Whether two values of the same default share an object: zod copies the outermost level only. */
function shares(first: unknown, second: unknown): boolean {
  const objects = new Set<unknown>();
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    objects.add(value);
    Object.values(value).forEach(collect);
  };
  const meets = (value: unknown): boolean => {
    if (typeof value !== "object" || value === null) return false;
    return objects.has(value) || Object.values(value).some(meets);
  };
  collect(first);
  return meets(second);
}
