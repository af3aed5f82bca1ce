import type { JsonSchema } from "./json-schema.ts";

/** Keywords that other files compare, or that name the type. */
const ELSEWHERE = new Set([
  "type",
  "properties",
  "required",
  "additionalProperties",
  "propertyNames",
  "items",
  "prefixItems",
  "$defs",
  "pattern",
  "allOf",
]);
const LOWER = new Set(["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"]);
const UPPER = new Set(["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"]);

/** Why a value within the bounds of `sent` may be outside those of `taken`; both have the same type. */
export function boundsProblem(sent: JsonSchema, taken: JsonSchema): string | undefined {
  for (const [keyword, bound] of Object.entries(taken)) {
    if (ELSEWHERE.has(keyword) || holds(keyword, sent, bound)) continue;
    return `${keyword} ${JSON.stringify(bound)} is demanded, ${JSON.stringify(sent[keyword] ?? "none")} is kept`;
  }
  const kept = new Set(restrictions(sent));
  const broken = restrictions(taken).find((restriction) => !kept.has(restriction));
  return broken === undefined ? undefined : `${broken} is demanded and not kept`;
}

function holds(keyword: string, sent: JsonSchema, bound: unknown): boolean {
  const own = sent[keyword];
  if (LOWER.has(keyword)) return Number(bound) <= lowest(keyword, sent);
  if (UPPER.has(keyword)) return Number(bound) >= highest(keyword, sent);
  if (keyword === "multipleOf") return typeof own === "number" && own % Number(bound) === 0;
  return JSON.stringify(own) === JSON.stringify(bound);
}

/** An inclusive bound is met by an exclusive one of the same value, but not the other way round. */
function lowest(keyword: string, sent: JsonSchema): number {
  const own = Number(sent[keyword] ?? Number.NEGATIVE_INFINITY);
  return keyword === "minimum" ? Math.max(own, Number(sent.exclusiveMinimum ?? Number.NEGATIVE_INFINITY)) : own;
}

function highest(keyword: string, sent: JsonSchema): number {
  const own = Number(sent[keyword] ?? Number.POSITIVE_INFINITY);
  return keyword === "maximum" ? Math.min(own, Number(sent.exclusiveMaximum ?? Number.POSITIVE_INFINITY)) : own;
}

/** Patterns and other parts that must all hold, as text, because it cannot be decided whether one implies another. */
function restrictions(schema: JsonSchema): readonly string[] {
  const parts = Array.isArray(schema.allOf) ? schema.allOf : [];
  const own = schema.pattern === undefined ? [] : [{ pattern: schema.pattern }];
  return [...own, ...parts].map((part) => JSON.stringify(part));
}

/** Why one primitive value does not fit a schema. In doubt there is a reason. */
export function valueProblem(value: unknown, schema: JsonSchema): string | undefined {
  const text = JSON.stringify(value);
  if ("const" in schema) return schema.const === value ? undefined : `${text} is sent where ${JSON.stringify(schema.const)} is taken`;
  if (Array.isArray(schema.enum)) return schema.enum.includes(value) ? undefined : `${text} is not among the values that are taken`;
  if (!typesOf(value).includes(String(schema.type))) return `${text} is sent where ${String(schema.type)} is taken`;
  if (typeof value === "string")
    return boundsProblem({ minLength: [...value].length, maxLength: [...value].length, ...matched(value, schema) }, schema);
  return boundsProblem(typeof value === "number" ? { minimum: value, maximum: value, multipleOf: value } : {}, schema);
}

/** The patterns of a schema that a text matches. A format counts as met if its pattern is given and matches. */
function matched(value: string, schema: JsonSchema): JsonSchema {
  const parts = [{ pattern: schema.pattern }, ...(Array.isArray(schema.allOf) ? (schema.allOf as JsonSchema[]) : [])];
  const kept = parts.filter(({ pattern }) => typeof pattern === "string" && matches(pattern, value));
  const format = kept.length > 0 && kept.some(({ pattern }) => pattern === schema.pattern) ? { format: schema.format } : {};
  return { allOf: kept, ...format };
}

/** JSON Schema has no flags: a pattern that needs a flag counts as not matched. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern).test(value);
  } catch {
    return false;
  }
}

function typesOf(value: unknown): readonly string[] {
  if (value === null) return ["null"];
  if (typeof value === "number") return Number.isInteger(value) ? ["integer", "number"] : ["number"];
  return [typeof value];
}
