import { type AnySchema, defOf, lazyInner } from "./schema-def.ts";

/** Properties of a whole schema. */
interface SchemaTraits {
  /** The schema contains itself. */
  readonly recursive: boolean;
  /**
   * Some part may accept both a value and its JSON image and return different results: a catch accepts anything, and a union takes its second option if an
   * undefined member does not fit the first.
   */
  readonly ambiguous: boolean;
}

/** Walks through a schema once. */
export function schemaTraits(schema: AnySchema): SchemaTraits {
  const all = reachable(schema);
  return {
    recursive: isRecursive(schema),
    ambiguous: all.some((each) => defOf(each).type === "catch" || (isOpenUnion(each) && reachable(each).some(refusesUndefined))),
  };
}

/** The schemas that a schema directly contains. */
function childrenOf(schema: AnySchema): readonly AnySchema[] {
  const def = defOf(schema);
  const inner = def.type === "lazy" ? lazyInner(schema) : def.innerType;
  const all = [inner, def.element, def.rest, def.catchall, def.keyType, def.valueType, def.left, def.right, def.in, def.out];
  return [...all, ...(def.items ?? []), ...(def.options ?? []), ...Object.values(def.shape ?? {})].filter((child) => child != null);
}

/** A schema and all schemas below it, each once. */
export function reachable(schema: AnySchema): readonly AnySchema[] {
  const found = new Set<AnySchema>([schema]);
  for (const each of found) for (const child of childrenOf(each)) found.add(child);
  return [...found];
}

function isRecursive(schema: AnySchema): boolean {
  const open = new Set<AnySchema>();
  const done = new Set<AnySchema>();
  const visit = (each: AnySchema): boolean => {
    if (open.has(each)) return true;
    if (done.has(each)) return false;
    open.add(each);
    const found = childrenOf(each).some(visit);
    open.delete(each);
    done.add(each);
    return found;
  };
  return visit(schema);
}

const isOpenUnion = (schema: AnySchema): boolean => defOf(schema).type === "union" && defOf(schema).discriminator === undefined;

/** Records, strict objects, catchalls and exact optionals distinguish an undefined member from an absent one. */
function refusesUndefined(schema: AnySchema): boolean {
  const def = defOf(schema);
  return def.type === "record" || def.catchall != null || schema._zod.traits.has("$ZodExactOptional");
}
