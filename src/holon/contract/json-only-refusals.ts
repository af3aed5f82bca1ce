/** Why a zod type cannot be part of a contract, and what to write instead. */
export interface JsonRefusal {
  /** Follows the path, as in "output.at is a Date, which ...". */
  readonly problem: string;
  readonly cure: string;
}

const refusal = (problem: string, cure: string): JsonRefusal => ({ problem, cure });

/** The refused types by the name that zod gives them in `_zod.def.type`. */
export const REFUSED_TYPES: Readonly<Record<string, JsonRefusal>> = {
  any: refusal("is `any`, which would be handed on without a copy", "write its schema, or z.json() for data of any form"),
  unknown: refusal("is `unknown`, which would be handed on without a copy", "write its schema, or z.json() for data of any form"),
  date: refusal("is a Date, which JSON turns into a string", "use z.iso.datetime() and make the Date where it is read"),
  bigint: refusal("is a bigint, which JSON cannot write", "use z.string() with digits, or z.int() where 2^53 suffices"),
  map: refusal("is a Map, which JSON turns into {}", "use z.record(), or an array of pairs"),
  set: refusal("is a Set, which JSON turns into {}", "use z.array()"),
  symbol: refusal("is a symbol, which JSON leaves out", "use z.enum() or z.literal()"),
  function: refusal("is a function, which JSON leaves out", "declare a procedure"),
  promise: refusal("is a promise, which JSON turns into {}", "await it in the handler and declare what it gives"),
  file: refusal("is a File, which JSON turns into {}", "upload it elsewhere and send its address"),
  nan: refusal("is NaN, which JSON turns into null", "use z.null()"),
  undefined: refusal("is undefined, which JSON leaves out", "make the member .optional(), or leave `input` or `output` away"),
  void: refusal("is void, which JSON leaves out", "leave `input` or `output` away"),
  custom: refusal("is a custom or instanceof check, which hands its value on without a copy", "write the schema of its data and add .refine()"),
  transform: refusal(
    "is a transform or preprocess, whose answer nobody checks or copies",
    "transform where the value is read; .trim() and .toLowerCase() are allowed",
  ),
  success: refusal("is a success check, which replaces the value", "use z.boolean()"),
  readonly: refusal("is readonly, which freezes the value for local callers only", "leave .readonly() away: callers get an own copy anyway"),
};

/** Refusals that depend on more than the type's name. */
export const REFUSED_FORMS = {
  coerce: refusal("is coerced, so that what callers may send is unknown to the contract", "use the type without z.coerce"),
  codec: refusal("is a codec or stringbool, whose two sides differ", "declare the side that travels and convert where it is read"),
  loose: refusal("is a loose object, whose unknown members would be handed on without a copy", "use z.object(), or .catchall() with a schema"),
  looseRecord: refusal("is a loose record, which hands on members that it does not know", "use z.record()"),
  recordKey: refusal("is a record whose keys are no strings, which JSON makes them", "use z.string(), z.enum() or a string format as the key"),
  symbolKey: refusal("has a symbol as key, which JSON leaves out", "use a string as key"),
  protoKey: refusal("has a member __proto__, which parsers drop", "choose another name"),
  optionalPlace: refusal(
    "may be undefined, which JSON turns into null in an array and leaves out of a record or an answer",
    "use .nullable(), or leave the element out",
  ),
  defaultPlace: refusal("has a default where nothing can be absent: JSON turns undefined into null here", "leave the default away"),
  literal: refusal("is a literal that JSON loses", "use a string, a finite number, a boolean or null"),
  sharedDefault: refusal("has a default that all callers would share", "give a function that makes a new one, or use .prefault()"),
  sharedCatch: refusal("catches with an object that all callers would share", "catch with a string, a number, a boolean or null"),
  catchCallback: refusal("catches with a function of the bad input, whose answer nobody copies", "catch with a string, a number, a boolean or null"),
  badDefault: refusal("has a default that is no JSON or does not fit its own schema", "give a default that the schema accepts"),
  overwrite: refusal(
    "is overwritten by a function, whose answer nobody checks or copies",
    "overwrite strings only, or change the value in the handler",
  ),
  noSchema: refusal("is no schema of zod", "give one; where it is imported, look for modules that import each other in a circle"),
  asynchronous: refusal("has an asynchronous check, and contracts are checked synchronously", "check it in the handler and throw ctx.fail()"),
  depth: refusal(
    "is nested deeper than 64 levels, or is a lazy schema that makes a new schema each time",
    "make the recursive schema once and let the lazy function return it",
  ),
} as const satisfies Record<string, JsonRefusal>;

/** The refusal of a discriminated union that zod would refuse at its first parse, with zod's message. */
export function badUnion(said: string): JsonRefusal {
  return refusal(`is a discriminated union that zod refuses (${said})`, "give each option a tag of its own, or use z.union()");
}

/** The refusal of a lazy schema whose function throws. */
export function badLazy(thrown: unknown): JsonRefusal {
  return refusal(`is a lazy schema that cannot be made (${thrown instanceof Error ? thrown.message : "its function threw"})`, "mend its function");
}

/** The refusal of a type that this version of the toolkit does not know. */
export function unknownType(type: string): JsonRefusal {
  return refusal(`is of the type "${type}", which this version of holon does not know to survive JSON`, "use another type, or a newer holon");
}
