import type { z } from "zod";
import { ContractError } from "./contract-error.ts";
import { isJson } from "./json-image.ts";
import { type AnySchema, type CheckDef, defOf, lazyInner, type SchemaDef } from "./schema-def.ts";

/**
 * Throws if a schema contains a type that JSON loses or that parsing does not copy.
 *
 * `part` is `input`, `output`, `payload` and so on; only an `input` may be undefined as a whole. Unknown types are refused, so that a newer zod cannot bring in
 * a type unnoticed.
 *
 * Errors: ContractError - names the place (`where`), the path inside the schema, and the cure.
 */
export function assertJsonOnly(where: string, part: string, schema: z.ZodType): void {
  const walk = new Walk(where);
  walk.visit(schema as AnySchema, part, part === "input", 0);
}

const GREATEST_DEPTH = 64;
const FREE_TYPES = new Set(["string", "number", "boolean", "null", "enum", "never", "template_literal"]);
const STRING_TYPES = new Set(["string", "enum", "literal", "template_literal"]);

class Walk {
  readonly #where: string;
  readonly #seen = { absentAllowed: new Set<AnySchema>(), always: new Set<AnySchema>() };

  constructor(where: string) {
    this.#where = where;
  }

  /** `absentAllowed`: whether undefined at this place has the same meaning as an absent value. */
  visit(schema: AnySchema, path: string, absentAllowed: boolean, depth: number): void {
    if (schema?._zod?.def === undefined) this.#refuse(path, REFUSED_FORMS.noSchema);
    const seen = absentAllowed ? this.#seen.absentAllowed : this.#seen.always;
    if (seen.has(schema)) return;
    seen.add(schema);
    if (depth > GREATEST_DEPTH) this.#refuse(path, REFUSED_FORMS.depth);
    const def = defOf(schema);
    const refused = REFUSED_TYPES[def.type];
    if (refused !== undefined) this.#refuse(path, refused);
    if (def.coerce === true) this.#refuse(path, REFUSED_FORMS.coerce);
    for (const check of def.checks ?? []) this.#check(check._zod.def, def, path);
    if (isAsync(def.fn)) this.#refuse(path, REFUSED_FORMS.asynchronous);
    this.#children(schema, def, path, absentAllowed, depth + 1);
  }

  #children(schema: AnySchema, def: SchemaDef, path: string, absentAllowed: boolean, depth: number): void {
    const visit = (child: AnySchema | null | undefined, childPath: string, childMayBeAbsent: boolean) => {
      if (child != null) this.visit(child, childPath, childMayBeAbsent, depth);
    };
    switch (def.type) {
      case "literal":
        if (!def.values?.every(isJsonPrimitive)) this.#refuse(path, REFUSED_FORMS.literal);
        return;
      case "object":
        return this.#object(def, path, depth);
      case "array":
        return visit(def.element, `${path}[]`, false);
      case "tuple":
        def.items?.forEach((item, index) => void visit(item, `${path}[${index}]`, false));
        return visit(def.rest, `${path}[]`, false);
      case "record":
        if (def.mode === "loose") this.#refuse(path, REFUSED_FORMS.looseRecord);
        if (!isStringSchema(def.keyType as AnySchema)) this.#refuse(path, REFUSED_FORMS.recordKey);
        visit(def.keyType, `${path}{key}`, false);
        return visit(def.valueType, `${path}{}`, false);
      case "union":
        for (const option of def.options ?? []) visit(option, path, absentAllowed);
        return this.#union(schema, path);
      case "intersection":
        visit(def.left, path, absentAllowed);
        return visit(def.right, path, absentAllowed);
      case "nullable":
        return visit(def.innerType, path, absentAllowed);
      case "nonoptional":
        return visit(def.innerType, path, true);
      case "lazy":
        return visit(this.#lazy(schema, path), path, absentAllowed);
      case "optional":
        if (!absentAllowed) this.#refuse(path, REFUSED_FORMS.optionalPlace);
        return visit(def.innerType, path, true);
      case "default":
      case "prefault":
        if (!absentAllowed) this.#refuse(path, REFUSED_FORMS.defaultPlace);
        visit(def.innerType, path, true);
        return this.#refuseIf(path, def.type === "default" ? defaultRefusal(def) : undefined);
      case "catch":
        visit(def.innerType, path, absentAllowed);
        return this.#refuseIf(path, catchRefusal(def));
      case "pipe":
        if (def.transform !== undefined) this.#refuse(path, REFUSED_FORMS.codec);
        visit(def.in, path, absentAllowed);
        return visit(def.out, path, absentAllowed);
      default:
        if (!FREE_TYPES.has(def.type)) this.#refuse(path, unknownType(def.type));
    }
  }

  #object(def: SchemaDef, path: string, depth: number): void {
    const shape = def.shape ?? {};
    if (Object.getOwnPropertySymbols(shape).length > 0) this.#refuse(path, REFUSED_FORMS.symbolKey);
    if (Object.hasOwn(shape, "__proto__")) this.#refuse(path, REFUSED_FORMS.protoKey);
    for (const [key, member] of Object.entries(shape)) this.visit(member, `${path}.${key}`, true, depth);
    const catchall = def.catchall;
    if (catchall == null) return;
    const type = defOf(catchall).type;
    if (type === "unknown" || type === "any") this.#refuse(path, REFUSED_FORMS.loose);
    this.visit(catchall, `${path}{}`, false, depth);
  }

  #union(schema: AnySchema, path: string): void {
    const said = unionRefusal(schema);
    if (said !== undefined) this.#refuse(path, badUnion(said));
  }

  #lazy(schema: AnySchema, path: string): AnySchema {
    try {
      return lazyInner(schema);
    } catch (error) {
      return this.#refuse(path, badLazy(error));
    }
  }

  #check(check: CheckDef, owner: SchemaDef, path: string): void {
    if (isAsync(check.fn) || isAsync(check.tx)) this.#refuse(path, REFUSED_FORMS.asynchronous);
    if (check.check === "overwrite" && owner.type !== "string") this.#refuse(path, REFUSED_FORMS.overwrite);
  }

  #refuseIf(path: string, refusal: JsonRefusal | undefined): void {
    if (refusal !== undefined) this.#refuse(path, refusal);
  }

  #refuse(path: string, refusal: JsonRefusal): never {
    throw new ContractError(this.#where, `${path} ${refusal.problem}; ${refusal.cure}`);
  }
}

function isJsonPrimitive(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

/** Whether a key schema returns strings only. Enums and literals may contain numbers, which come back as text. */
function isStringSchema(schema: AnySchema): boolean {
  const def = defOf(schema);
  if (def.type === "union") return (def.options ?? []).every(isStringSchema);
  if (!STRING_TYPES.has(def.type)) return false;
  return [...(schema._zod.values ?? [])].every((value) => typeof value === "string");
}

/** Whether a check is an async function, which can be seen without running it. Other asynchronous checks are found when a value is parsed. */
function isAsync(check: unknown): boolean {
  return typeof check === "function" && check.constructor.name === "AsyncFunction";
}

/** Why a default cannot be part of a contract; undefined if it can. A default is returned without being parsed, so it must be valid as it is. */
function defaultRefusal(def: SchemaDef): JsonRefusal | undefined {
  const [first, second] = [def.defaultValue, def.defaultValue];
  if (first === undefined || !isJson(first) || !fits(def, first)) return REFUSED_FORMS.badDefault;
  return shares(first, second) ? REFUSED_FORMS.sharedDefault : undefined;
}

/** Why a `.catch()` cannot be part of a contract; undefined if it can. */
function catchRefusal(def: SchemaDef): JsonRefusal | undefined {
  const make = def.catchValue as (() => unknown) & { readonly [CONSTANT]?: true };
  if (make[CONSTANT] !== true) return REFUSED_FORMS.catchCallback;
  const value = make();
  if (typeof value === "object" && value !== null) return REFUSED_FORMS.sharedCatch;
  return isJson(value) ? undefined : REFUSED_FORMS.badDefault;
}

/** zod sets this member on a `.catch()` that has a value. A `.catch()` that has a function does not have the member. */
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

/** Whether two values that one default returned share an object. They may, because zod copies the outermost level only. */
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

/** Why a zod type cannot be part of a contract, and what to write instead. */
interface JsonRefusal {
  /** The part of the message after the path, as in "output.at is a Date, which ...". */
  readonly problem: string;
  readonly cure: string;
}

const refusal = (problem: string, cure: string): JsonRefusal => ({ problem, cure });

/** The refused types by the name that zod gives them in `_zod.def.type`. */
const REFUSED_TYPES: Readonly<Record<string, JsonRefusal>> = {
  any: refusal("is `any`, which would be handed on without a copy", "write its schema, or z.json() for data of any form"),
  unknown: refusal("is `unknown`, which would be handed on without a copy", "write its schema, or z.json() for data of any form"),
  date: refusal("is a Date, which JSON turns into a string", "use z.iso.datetime() and make the Date where it is read"),
  bigint: refusal("is a bigint, which JSON cannot write", "use z.string() with digits, or z.int() where 2^53 suffices"),
  map: refusal("is a Map, which JSON turns into {}", "use z.record(), or an array of pairs"),
  set: refusal("is a Set, which JSON turns into {}", "use z.array()"),
  symbol: refusal("is a symbol, which JSON leaves out", "use z.enum() or z.literal()"),
  function: refusal("is a function, which JSON leaves out", "declare a procedure"),
  promise: refusal("is a promise, which JSON turns into {}", "await it in the handler and declare the type of its result"),
  file: refusal("is a File, which JSON turns into {}", "upload it elsewhere and send its address"),
  nan: refusal("is NaN, which JSON turns into null", "use z.null()"),
  undefined: refusal("is undefined, which JSON leaves out", "make the member .optional(), or leave out `input` or `output`"),
  void: refusal("is void, which JSON leaves out", "leave out `input` or `output`"),
  custom: refusal("is a custom or instanceof check, which hands its value on without a copy", "write the schema of its data and add .refine()"),
  transform: refusal(
    "is a transform or preprocess, whose answer is neither checked nor copied",
    "transform where the value is read; .trim() and .toLowerCase() are allowed",
  ),
  success: refusal("is a success check, which replaces the value", "use z.boolean()"),
  readonly: refusal("is readonly, which freezes the value for local callers only", "leave out .readonly(): callers get a copy of their own anyway"),
};

/** Refusals that depend on more than the type's name. */
const REFUSED_FORMS = {
  coerce: refusal("is coerced, so that what callers may send is unknown to the contract", "use the type without z.coerce"),
  codec: refusal("is a codec or stringbool, whose two sides differ", "declare the side that travels and convert where it is read"),
  loose: refusal("is a loose object, whose unknown members would be handed on without a copy", "use z.object(), or .catchall() with a schema"),
  looseRecord: refusal("is a loose record, which hands on members that it does not know", "use z.record()"),
  recordKey: refusal(
    "is a record whose keys are not strings, which JSON turns into strings",
    "use z.string(), z.enum() or a string format as the key",
  ),
  symbolKey: refusal("has a symbol as key, which JSON leaves out", "use a string as key"),
  protoKey: refusal("has a member __proto__, which parsers drop", "choose another name"),
  optionalPlace: refusal(
    "may be undefined, which JSON turns into null in an array and leaves out of a record or an answer",
    "use .nullable(), or leave the element out",
  ),
  defaultPlace: refusal("has a default where nothing can be absent: JSON turns undefined into null here", "leave out the default"),
  literal: refusal("is a literal that JSON loses", "use a string, a finite number, a boolean or null"),
  sharedDefault: refusal("has a default that all callers would share", "give a function that makes a new one, or use .prefault()"),
  sharedCatch: refusal("catches with an object that all callers would share", "catch with a string, a number, a boolean or null"),
  catchCallback: refusal("catches with a function of the bad input, whose answer is not copied", "catch with a string, a number, a boolean or null"),
  badDefault: refusal("has a default that is not JSON or does not fit its own schema", "give a default that the schema accepts"),
  overwrite: refusal(
    "is overwritten by a function, whose answer is neither checked nor copied",
    "overwrite strings only, or change the value in the handler",
  ),
  noSchema: refusal("is not a schema of zod", "give one; if it is imported, look for modules that import each other in a circle"),
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
function badLazy(thrown: unknown): JsonRefusal {
  return refusal(`is a lazy schema that cannot be made (${thrown instanceof Error ? thrown.message : "its function threw"})`, "correct its function");
}

/** The refusal of a type that this version of the toolkit does not know. */
function unknownType(type: string): JsonRefusal {
  return refusal(`is of the type "${type}", which this version of holon does not know to survive JSON`, "use another type, or a newer holon");
}

/** zod's messages for a discriminated union whose tags do not distinguish its options. zod throws them at the first parse only. */
const REFUSALS = /^(?:Duplicate|Ambiguous) discriminator value|^Invalid discriminated union option/;

/** Why zod would refuse a discriminated union at its first parse; undefined if zod accepts the union, and for every other schema. */
export function unionRefusal(schema: AnySchema): string | undefined {
  const { discriminator } = defOf(schema);
  if (discriminator === undefined) return undefined;
  try {
    // The value has a tag that no option has. So zod looks the tag up, and enters no option.
    schema._zod.run({ value: { [discriminator]: Symbol("no option") }, issues: [] }, { async: false });
  } catch (error) {
    // With `unionFallback` zod enters the options anyway. Their checks then throw because of the value, not because of the tags.
    if (error instanceof Error && REFUSALS.test(error.message)) return error.message;
  }
  return undefined;
}
