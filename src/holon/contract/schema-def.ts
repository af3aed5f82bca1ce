/** What the toolkit reads of a zod schema: its definition, whatever its type. */
export interface AnySchema {
  readonly _zod: {
    readonly def: object;
    /** Names of the classes that the schema is of. */
    readonly traits: ReadonlySet<string>;
    /** The values of an enum or a literal. */
    readonly values?: ReadonlySet<unknown> | undefined;
    /** The values that tell the options of a discriminated union apart, by member. */
    readonly propValues?: Readonly<Record<string, ReadonlySet<unknown>>> | undefined;
    /** Of a lazy schema, made on first use and then kept. */
    readonly innerType?: AnySchema;
    /** Parses a value. */
    readonly run: (payload: { value: unknown; issues: unknown[] }, context: object) => unknown;
  };
}

/** The definition of a check, as far as the toolkit reads it. */
export interface CheckDef {
  readonly check: string;
  readonly fn?: unknown;
  readonly tx?: unknown;
  readonly value?: unknown;
  readonly inclusive?: boolean;
}

/** The definitions of all types of zod seen as one: which members are there hangs on `type`. */
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

/** What a lazy schema stands for; the same schema at each call. */
export function lazyInner(schema: AnySchema): AnySchema {
  return schema._zod.innerType as AnySchema;
}
