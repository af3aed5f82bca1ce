/** The parts of a zod schema that the toolkit reads: its definition, whatever its type. */
export interface AnySchema {
  readonly _zod: {
    readonly def: object;
    /** Names of the classes that the schema belongs to. */
    readonly traits: ReadonlySet<string>;
    /** The values of an enum or a literal. */
    readonly values?: ReadonlySet<unknown> | undefined;
    /** The discriminating values of a discriminated union's option, by member. */
    readonly propValues?: Readonly<Record<string, ReadonlySet<unknown>>> | undefined;
    /** The schema inside a lazy schema, made on first use and then kept. */
    readonly innerType?: AnySchema;
    /** Parses a value. */
    readonly run: (payload: { value: unknown; issues: unknown[] }, context: object) => unknown;
  };
}

/** The parts of a check's definition that the toolkit reads. */
export interface CheckDef {
  readonly check: string;
  readonly fn?: unknown;
  readonly tx?: unknown;
  readonly value?: unknown;
  readonly inclusive?: boolean;
}

/** The definitions of all zod types as one; `type` decides which members exist. */
export interface SchemaDef {
  readonly type: string;
  readonly checks?: readonly { readonly _zod: { readonly def: CheckDef } }[];
  readonly coerce?: boolean;
  readonly fn?: unknown;
  readonly values?: readonly unknown[];
  readonly shape?: Readonly<Record<string, AnySchema>>;
  readonly catchall?: AnySchema | undefined;
  readonly element?: AnySchema;
  readonly items?: readonly AnySchema[];
  readonly rest?: AnySchema | null;
  readonly keyType?: AnySchema;
  readonly valueType?: AnySchema;
  readonly mode?: string;
  readonly options?: readonly AnySchema[];
  readonly discriminator?: string;
  readonly left?: AnySchema;
  readonly right?: AnySchema;
  readonly innerType?: AnySchema;
  readonly in?: AnySchema;
  readonly out?: AnySchema;
  readonly transform?: unknown;
  readonly defaultValue?: unknown;
  readonly catchValue?: (...context: never[]) => unknown;
}

/** The definition of a schema. */
export function defOf(schema: AnySchema): SchemaDef {
  return schema._zod.def as SchemaDef;
}

/** The schema inside a lazy schema. Each call returns the same one. */
export function lazyInner(schema: AnySchema): AnySchema {
  return schema._zod.innerType as AnySchema;
}

/** Properties of a whole schema. */
interface SchemaTraits {
  /** Whether the schema contains itself. */
  readonly recursive: boolean;
  /**
   * Whether some part may accept both a value and its JSON image and return different results. `catch` does, because it accepts every value. A union does, because
   * it takes its second option if an undefined member does not fit the first.
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
