import { type AnySchema, defOf, lazyInner } from "./schema-def.ts";

/** What the whole of a schema is like. */
export interface SchemaTraits {
  /** A schema is met inside itself. */
  readonly recursive: boolean;
  /** Some part catches: it takes any value, also one that JSON would change. */
  readonly catches: boolean;
}

/** Looks through a schema once. */
export function schemaTraits(schema: AnySchema): SchemaTraits {
  const traits = { recursive: false, catches: false };
  const open = new Set<AnySchema>();
  const done = new Set<AnySchema>();
  const visit = (each: AnySchema): void => {
    if (open.has(each)) traits.recursive = true;
    if (defOf(each).type === "catch") traits.catches = true;
    if (open.has(each) || done.has(each)) return;
    open.add(each);
    childrenOf(each).forEach(visit);
    open.delete(each);
    done.add(each);
  };
  visit(schema);
  return traits;
}

/** The schemas that a schema is made of. */
export function childrenOf(schema: AnySchema): readonly AnySchema[] {
  const def = defOf(schema);
  const inner = def.type === "lazy" ? lazyInner(schema) : def.innerType;
  const all = [inner, def.element, def.rest, def.catchall, def.keyType, def.valueType, def.left, def.right, def.in, def.out];
  return [...all, ...(def.items ?? []), ...(def.options ?? []), ...Object.values(def.shape ?? {})].filter((child) => child != null);
}
