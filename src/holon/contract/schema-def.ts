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

/** The schema inside a lazy schema; the same one at each call. */
export function lazyInner(schema: AnySchema): AnySchema {
  return schema._zod.innerType as AnySchema;
}
