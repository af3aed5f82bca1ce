import type { z } from "zod";
import { ContractError } from "./contract-error.ts";
import { catchRefusal, defaultRefusal } from "./json-only-defaults.ts";
import { badLazy, badUnion, type JsonRefusal, REFUSED_FORMS, REFUSED_TYPES, unknownType } from "./json-only-refusals.ts";
import { type AnySchema, type CheckDef, defOf, lazyInner, type SchemaDef } from "./schema-def.ts";
import { unionRefusal } from "./union-tags.ts";

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

/** A promise that can be recognized without running the check. Other asynchronous checks are found when a value is parsed. */
function isAsync(check: unknown): boolean {
  return typeof check === "function" && check.constructor.name === "AsyncFunction";
}
