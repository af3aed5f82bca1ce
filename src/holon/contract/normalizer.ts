import type { z } from "zod";
import { findNotUnicode } from "../kernel/unicode-text.ts";
import { type AnySchema, type CheckDef, defOf, lazyInner, type SchemaDef, schemaTraits } from "./schema-def.ts";

/** The result of a {@link Normalizer} for a value that contains a text which UTF-8 cannot express. */
export const NOT_UNICODE = Symbol("a text that is not Unicode");

/** Brings a value to the form that JSON would give it, or returns {@link NOT_UNICODE}. The value must be a copy, because it may be changed in place. */
type Normalizer = (value: unknown) => unknown;

/**
 * The normalizer of a schema; undefined if values of the schema need none.
 *
 * The normalizer runs in every local call. It is code that is generated for the schema, because a walk over the value by key costs more than parsing does. The
 * value is walked if code cannot be generated, as under a strict content security policy, and for unions without a discriminator. Values of recursive schemas
 * are copied: if one object is in two places, zod makes one copy of it, and JSON makes two.
 */
export function createNormalizer(schema: z.ZodType, { checksTexts }: { readonly checksTexts: boolean }): Normalizer | undefined {
  if (schemaTraits(schema as AnySchema).recursive) return checksTexts ? unicodeOnly(copyJson) : copyJson;
  const code = new NormalizerCode(checksTexts);
  const body = code.emit(schema as AnySchema, "value");
  if (body === "") return undefined;
  try {
    const names = ["normalizeJson", "withoutUndefined", "findNotUnicode", "notUnicode", "constants"];
    const make = new Function(...names, `"use strict"; return (value) => { ${body} return value; };`);
    return make(normalizeJson, withoutUndefined, findNotUnicode, NOT_UNICODE, code.constants) as Normalizer;
  } catch {
    return checksTexts ? unicodeOnly(normalizeJson) : normalizeJson;
  }
}

function unicodeOnly(normalize: Normalizer): Normalizer {
  return (value) => {
    const form = normalize(value);
    return findNotUnicode(form) === undefined ? form : NOT_UNICODE;
  };
}

/** A copy of an object without its undefined members. Deleting them instead would make each later read of the object slow. */
function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    if (object[key] !== undefined) result[key] = object[key];
  }
  return result;
}

/** Brings data to the form that JSON gives it, whatever its schema. Works in place, except for objects with an undefined member. */
function normalizeJson(value: unknown): unknown {
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = normalizeJson(value[index]);
    return value;
  }
  const object = value as Record<string, unknown>;
  let strip = false;
  for (const key of Object.keys(object)) {
    const member = object[key];
    if (member === undefined) strip = true;
    else if (member === 0 || typeof member === "object") object[key] = normalizeJson(member);
  }
  return strip ? withoutUndefined(object) : object;
}

/** A copy of data in the form that JSON gives it. An object that is in two places is copied twice. */
function copyJson(value: unknown): unknown {
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson);
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) result[key] = copyJson(member);
  }
  return result;
}

/**
 * Writes the code that brings a value of a schema to the form that JSON gives it. If texts are checked, the code returns `notUnicode` for a text which UTF-8
 * cannot express.
 *
 * Shape: `emit` returns statements that read and write the place named by `place`, or "" if values of the schema need none. Names from the schema enter the
 * code through JSON.stringify only. The schema must not be recursive.
 */
class NormalizerCode {
  /** Sets of known keys that the code refers to as `constants[0]` and so on. */
  readonly constants: ReadonlySet<string>[] = [];
  readonly #checksTexts: boolean;
  #variables = 0;

  constructor(checksTexts: boolean) {
    this.#checksTexts = checksTexts;
  }

  emit(schema: AnySchema, place: string): string {
    const def = defOf(schema);
    switch (def.type) {
      case "string":
      case "template_literal":
        return this.#checksTexts ? `if (typeof ${place} === "string") ${unicodeCode(place)}` : "";
      case "number":
        return mayBeZero(def) ? zeroCode(place) : "";
      case "literal":
      case "enum":
        return schema._zod.values?.has(0) ? zeroCode(place) : "";
      case "object":
        return this.#object(def, place);
      case "array":
        return this.#container(place, (name) => this.#elements(def.element, name, 0));
      case "tuple":
        return this.#container(place, (name) => {
          const items = (def.items ?? []).map((item, index) => this.emit(item, `${name}[${index}]`)).join("");
          return items + this.#elements(def.rest, name, def.items?.length ?? 0);
        });
      case "record":
        return this.#container(place, (name) => {
          const key = this.#variable();
          const body = this.#keyCode(def.keyType as AnySchema, key) + this.emit(def.valueType as AnySchema, `${name}[${key}]`);
          return body && `for (const ${key} in ${name}) { ${body} }`;
        });
      case "union":
        return this.#union(def, place);
      case "intersection":
        return this.#anyOf([def.left as AnySchema, def.right as AnySchema], place);
      case "lazy":
        return this.emit(lazyInner(schema), place);
      case "pipe":
        return this.emit(def.out as AnySchema, place);
      default:
        return def.innerType === undefined ? "" : this.emit(def.innerType, place);
    }
  }

  #object(def: SchemaDef, place: string): string {
    return this.#container(place, (name) => {
      const members = Object.entries(def.shape ?? {});
      const code = members.map(([key, member]) => this.emit(member, `${name}[${JSON.stringify(key)}]`)).join("");
      const absent = members.filter(([, member]) => mayBeUndefined(member)).map(([key]) => absentCode(name, JSON.stringify(key)));
      const strip = absent.length === 0 ? "" : `if (${absent.join(" || ")}) { ${this.#strip(def, name, place)} }`;
      return code + this.#catchall(def, name) + strip;
    });
  }

  /** The copy is written out key by key, because a loop over the keys was seen to take thirty times as long. */
  #strip(def: SchemaDef, name: string, place: string): string {
    if (def.catchall != null) return `${place} = withoutUndefined(${name});`;
    const copy = this.#variable();
    const keys = Object.keys(def.shape ?? {}).map((key) => JSON.stringify(key));
    const members = keys.map((key) => `if (${name}[${key}] !== undefined) ${copy}[${key}] = ${name}[${key}];`);
    return `const ${copy} = {}; ${members.join("")} ${place} = ${copy};`;
  }

  #catchall(def: SchemaDef, name: string): string {
    if (def.catchall == null || defOf(def.catchall).type === "never") return "";
    const key = this.#variable();
    const body = (this.#checksTexts ? unicodeCode(key) : "") + this.emit(def.catchall, `${name}[${key}]`);
    if (body === "") return "";
    const known = this.constants.push(new Set(Object.keys(def.shape ?? {}))) - 1;
    return `for (const ${key} in ${name}) { if (!constants[${known}].has(${key})) { ${body} } }`;
  }

  #elements(element: AnySchema | null | undefined, name: string, from: number): string {
    if (element == null) return "";
    const index = this.#variable();
    const body = this.emit(element, `${name}[${index}]`);
    return body && `for (let ${index} = ${from}; ${index} < ${name}.length; ${index}++) { ${body} }`;
  }

  /** Each option of a discriminated union gets its own code; values of other unions are walked. */
  #union(def: SchemaDef, place: string): string {
    const options = def.options ?? [];
    const { discriminator } = def;
    const values = options.map((option) => [...(discriminator === undefined ? [] : (option._zod.propValues?.[discriminator] ?? []))]);
    if (!values.every((each) => each.length > 0 && each.every(isCodeable))) return this.#anyOf(options, place);
    return this.#container(place, (name) => {
      const tag = `${name}[${JSON.stringify(discriminator)}]`;
      return options
        .map((option, index) => {
          const body = this.emit(option, place);
          const test = values[index]?.map((value) => `${tag} === ${JSON.stringify(value)}`).join(" || ");
          return body && `${index > 0 ? "else " : ""}if (${test}) { ${body} }`;
        })
        .filter((code) => code !== "")
        .join("")
        .replace(/^else /, "");
    });
  }

  #anyOf(schemas: readonly AnySchema[], place: string): string {
    const needed = schemas.map((schema) => this.emit(schema, place)).some((code) => code !== "");
    if (!needed) return "";
    const check = this.#checksTexts ? `if (findNotUnicode(${place}) !== undefined) return notUnicode;` : "";
    return `${place} = normalizeJson(${place}); ${check}`;
  }

  /** The keys of a closed list come from the contract, so they need no check. */
  #keyCode(keyType: AnySchema, key: string): string {
    return this.#checksTexts && keyType._zod.values === undefined ? unicodeCode(key) : "";
  }

  /** Code for an array or object, which it first stores in a variable. The guard skips null, undefined and the primitive that a catch may return. */
  #container(place: string, inside: (name: string) => string): string {
    const name = this.#variable();
    const body = inside(name);
    return body && `{ const ${name} = ${place}; if (typeof ${name} === "object" && ${name} !== null) { ${body} } }`;
  }

  #variable(): string {
    return `v${this.#variables++}`;
  }
}

/** Writes zero over itself, which turns -0 into 0. */
function zeroCode(place: string): string {
  return `if (${place} === 0) ${place} = 0;`;
}

/** Checks every text at its place, because a second walk over the value would cost more than parsing does. */
function unicodeCode(place: string): string {
  return `if (!${place}.isWellFormed()) return notUnicode;`;
}

function absentCode(name: string, key: string): string {
  return `(${name}[${key}] === undefined && ${key} in ${name})`;
}

function mayBeZero(def: SchemaDef): boolean {
  return !(def.checks ?? []).some(({ _zod }) => excludesZero(_zod.def));
}

function excludesZero({ check, value, inclusive }: CheckDef): boolean {
  if (check === "greater_than") return inclusive === true ? Number(value) > 0 : Number(value) >= 0;
  if (check === "less_than") return inclusive === true ? Number(value) < 0 : Number(value) <= 0;
  return false;
}

function mayBeUndefined(schema: AnySchema): boolean {
  const def = defOf(schema);
  switch (def.type) {
    case "optional":
      return true;
    case "union":
      return (def.options ?? []).some(mayBeUndefined);
    case "intersection":
      return mayBeUndefined(def.left as AnySchema) || mayBeUndefined(def.right as AnySchema);
    case "lazy":
      return true;
    case "pipe":
      return mayBeUndefined(def.out as AnySchema);
    case "nonoptional":
    case "default":
      return false;
    default:
      return def.innerType !== undefined && mayBeUndefined(def.innerType);
  }
}

function isCodeable(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}
