import { type AnySchema, defOf, lazyInner, type SchemaDef } from "./schema-def.ts";

/** What a text of a URL may be read as. */
export type TextKind = "string" | "number" | "boolean";

/** A member of an input that comes from the URL. */
export interface RestField {
  readonly name: string;
  /** The kinds that the contract accepts here. If numbers or booleans are accepted, a text that can be read as one is converted; all other texts stay text. */
  readonly kinds: readonly TextKind[];
  /** Whether it is an array, which is written as the same parameter several times. */
  readonly isList: boolean;
}

/** The members of an input that is an object, as callers send it; undefined if it is not an object. */
export function inputMembers(schema: AnySchema): Readonly<Record<string, AnySchema>> | undefined {
  const object = withoutWrapping(schema);
  return defOf(object).type === "object" ? (defOf(object).shape ?? {}) : undefined;
}

/** Whether a member may be left out. */
export function mayBeAbsent(schema: AnySchema): boolean {
  return (schema._zod as { readonly optin?: unknown }).optin === "optional";
}

/** How a member is written in a URL; undefined if it cannot be written there. */
export function toRestField(name: string, schema: AnySchema): RestField | undefined {
  const inner = withoutWrapping(schema);
  const { type, element } = defOf(inner);
  const isList = type === "array";
  const kinds = new Set<TextKind>();
  if (!addKinds(isList ? (element as AnySchema) : inner, kinds, 0)) return undefined;
  return { name, kinds: [...kinds].sort(), isList };
}

const GREATEST_DEPTH = 16;

/** Adds the kinds that a schema accepts; false if it accepts a value that is not a single text. */
function addKinds(schema: AnySchema, kinds: Set<TextKind>, depth: number): boolean {
  if (depth > GREATEST_DEPTH) return false;
  const inner = withoutWrapping(schema);
  const def = defOf(inner);
  switch (def.type) {
    case "string":
    case "template_literal":
      kinds.add("string");
      return true;
    case "number":
    case "boolean":
      kinds.add(def.type);
      return true;
    case "enum":
    case "literal":
      for (const value of inner._zod.values ?? []) addValueKind(value, kinds);
      return true;
    case "null":
    case "never":
      return true;
    case "union":
      return (def.options ?? []).every((option) => addKinds(option, kinds, depth + 1));
    default:
      return false;
  }
}

function addValueKind(value: unknown, kinds: Set<TextKind>): void {
  const type = typeof value;
  if (type === "string" || type === "number" || type === "boolean") kinds.add(type);
}

/** The schema inside defaults, optionals and pipes: a caller that sends the member must fit it. */
function withoutWrapping(schema: AnySchema): AnySchema {
  const inner = innerOf(schema, defOf(schema));
  return inner === undefined ? schema : withoutWrapping(inner);
}

function innerOf(schema: AnySchema, def: SchemaDef): AnySchema | undefined {
  if (def.type === "lazy") return lazyInner(schema);
  return def.type === "pipe" ? def.in : def.innerType;
}
