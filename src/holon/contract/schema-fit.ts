/** The direction of the data. A strict callee refuses members that it does not know, and every caller ignores them. */
export type Direction = "toCallee" | "toCaller";

/** The place at which data of one schema does not fit another, and the reason. */
interface Misfit {
  /** The path of the place, such as `.lines[].quantity`; empty for the whole value. */
  readonly path: string;
  readonly problem: string;
}

/** Why a value that fits `sent` might not fit `taken`; undefined if all values fit. If it cannot be decided, a reason is returned. */
export function misfit(sent: JsonSchema, taken: JsonSchema, direction: Direction): Misfit | undefined {
  return new Comparison(sent, taken, direction).compare(sent, taken, "");
}

class Comparison {
  readonly #sentRoot: JsonSchema;
  readonly #takenRoot: JsonSchema;
  readonly #direction: Direction;
  /**
   * Pairs of schemas whose comparison has begun. If such a pair comes again, as in a recursive schema, it is not compared again: the first comparison finds its
   * misfit.
   */
  readonly #open: Map<JsonSchema, Set<JsonSchema>>;

  constructor(sentRoot: JsonSchema, takenRoot: JsonSchema, direction: Direction, open = new Map<JsonSchema, Set<JsonSchema>>()) {
    this.#open = open;
    this.#sentRoot = sentRoot;
    this.#takenRoot = takenRoot;
    this.#direction = direction;
  }

  compare(sentOrReference: JsonSchema, takenOrReference: JsonSchema, path: string): Misfit | undefined {
    const sent = resolve(sentOrReference, this.#sentRoot);
    const taken = resolve(takenOrReference, this.#takenRoot);
    const open = this.#open.get(sent) ?? new Set();
    if (open.has(taken)) return undefined;
    this.#open.set(sent, open.add(taken));
    return this.#compareForms(sent, taken, path);
  }

  #compareForms(sent: JsonSchema, taken: JsonSchema, path: string): Misfit | undefined {
    if (isAny(taken) || isNever(sent)) return undefined;
    const sentForms = alternatives(sent);
    if (sentForms !== undefined) return firstOf(sentForms, (form) => this.compare(form, taken, path));
    const takenForms = alternatives(taken);
    if (takenForms !== undefined) return this.#fitsOneOf(sent, takenForms, path);
    const values = valuesOf(sent);
    if (values !== undefined)
      return at(
        path,
        firstOf(values, (value) => valueProblem(value, taken)),
      );
    if (valuesOf(taken) !== undefined) return at(path, "only some values are taken, any may be sent");
    if (!sameType(sent.type, taken.type)) return at(path, `${name(sent)} is sent where ${name(taken)} is taken`);
    const bounds = boundsProblem(sent, taken);
    if (bounds !== undefined) return at(path, bounds);
    if (taken.type === "array") return this.#compareArrays(sent, taken, path);
    if (taken.type === "object") return this.#compareObjects(sent, taken, path);
    return undefined;
  }

  /** Each form is tried with its own copy of the open pairs, because the pairs of a form that failed have not been found to fit. */
  #fitsOneOf(sent: JsonSchema, forms: readonly JsonSchema[], path: string): Misfit | undefined {
    let last: Misfit | undefined;
    for (const form of forms) {
      const open = new Map([...this.#open].map(([each, partners]) => [each, new Set(partners)]));
      last = new Comparison(this.#sentRoot, this.#takenRoot, this.#direction, open).compare(sent, form, path);
      if (last === undefined) return undefined;
    }
    return forms.length === 1 ? last : at(path, `${name(sent)} fits none of the ${forms.length} forms that are taken`);
  }

  #compareArrays(sent: JsonSchema, taken: JsonSchema, path: string): Misfit | undefined {
    const [sentItems, takenItems] = [schemasOf(sent.prefixItems), schemasOf(taken.prefixItems)];
    if (sentItems.length !== takenItems.length) return at(path, `a tuple of ${sentItems.length} is sent where one of ${takenItems.length} is taken`);
    const first = firstOf(takenItems.keys(), (index) =>
      this.compare(sentItems[index] as JsonSchema, takenItems[index] as JsonSchema, `${path}[${index}]`),
    );
    if (first !== undefined) return first;
    const [sentRest, takenRest] = [sent.items, taken.items];
    if (!isSchema(sentRest)) return undefined;
    return isSchema(takenRest) ? this.compare(sentRest, takenRest, `${path}[]`) : at(path, "more items may be sent than are taken");
  }

  #compareObjects(sent: JsonSchema, taken: JsonSchema, path: string): Misfit | undefined {
    const [sentMembers, takenMembers] = [membersOf(sent), membersOf(taken)];
    const [always, needed] = [namesOf(sent.required), namesOf(taken.required)];
    const absent = needed.find((key) => !always.includes(key));
    if (absent !== undefined) return at(`${path}.${absent}`, "is required, and the sender may leave it out");
    const unknown = Object.keys(sentMembers).filter((key) => takenMembers[key] === undefined);
    const closed = taken.additionalProperties === false && this.#direction === "toCallee";
    if (closed && unknown[0] !== undefined) return at(`${path}.${unknown[0]}`, "is sent, and the callee refuses members that it does not know");
    const known = Object.keys(takenMembers).filter((key) => sentMembers[key] !== undefined);
    return (
      firstOf(known, (key) => this.compare(sentMembers[key] as JsonSchema, takenMembers[key] as JsonSchema, `${path}.${key}`)) ??
      this.#compareRest(sent, taken, unknown, path)
    );
  }

  /** Members that no property names: those of records, and those that a catchall accepts. */
  #compareRest(sent: JsonSchema, taken: JsonSchema, unknown: readonly string[], path: string): Misfit | undefined {
    const [sentRest, takenRest] = [sent.additionalProperties, taken.additionalProperties];
    if (isSchema(sentRest) && takenRest === false && this.#direction === "toCallee")
      return at(path, "members of any name are sent, and the callee refuses those that it does not know");
    if (!isSchema(takenRest)) return undefined;
    const [sentKeys, takenKeys] = [sent.propertyNames, taken.propertyNames];
    if (isSchema(takenKeys)) {
      const misfitKeys = isSchema(sentKeys)
        ? this.compare(sentKeys, takenKeys, `${path}{key}`)
        : at(
            `${path}{key}`,
            firstOf(unknown, (key) => valueProblem(key, takenKeys)),
          );
      if (misfitKeys !== undefined) return misfitKeys;
    }
    const members = membersOf(sent);
    const named = firstOf(unknown, (key) => this.compare(members[key] as JsonSchema, takenRest, `${path}.${key}`));
    if (named !== undefined || !isSchema(sentRest)) return named;
    const reached = Object.entries(membersOf(taken)).filter(([key]) => members[key] === undefined);
    return this.compare(sentRest, takenRest, `${path}{}`) ?? firstOf(reached, ([key, member]) => this.compare(sentRest, member, `${path}.${key}`));
  }
}

function firstOf<Item, Found>(items: Iterable<Item>, find: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function at(path: string, problem: string): Misfit;
function at(path: string, problem: string | undefined): Misfit | undefined;
function at(path: string, problem: string | undefined): Misfit | undefined {
  return problem === undefined ? undefined : { path, problem };
}

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const reference = schema.$ref;
  if (typeof reference !== "string") return schema;
  if (reference === "#") return root;
  const definitions = root.$defs as Readonly<Record<string, JsonSchema>> | undefined;
  return definitions?.[reference.replace("#/$defs/", "")] ?? { not: {} };
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] | undefined {
  const { anyOf, oneOf, type, ...rest } = schema;
  const forms = anyOf ?? oneOf;
  if (forms !== undefined) return schemasOf(forms);
  return Array.isArray(type) ? type.map((each: unknown) => ({ ...rest, type: each })) : undefined;
}

function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if ("const" in schema) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

const KEYWORDS_OF_ROOT = new Set(["$defs"]);
const isAny = (schema: JsonSchema): boolean => Object.keys(schema).every((key) => KEYWORDS_OF_ROOT.has(key));
const isNever = (schema: JsonSchema): boolean => isSchema(schema.not) && Object.keys(schema.not).length === 0;
const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null && !Array.isArray(value);
const schemasOf = (value: unknown): readonly JsonSchema[] => (Array.isArray(value) ? value : []);
const namesOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : []);
const membersOf = (schema: JsonSchema): Readonly<Record<string, JsonSchema>> => (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
const sameType = (sent: unknown, taken: unknown): boolean => sent === taken || (sent === "integer" && taken === "number");
const name = (schema: JsonSchema): string => (typeof schema.type === "string" ? `${schema.type}` : "a value");

/** Keywords that other functions of this file compare. */
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
function boundsProblem(sent: JsonSchema, taken: JsonSchema): string | undefined {
  for (const [keyword, bound] of Object.entries(taken)) {
    if (ELSEWHERE.has(keyword) || holds(keyword, sent, bound)) continue;
    return `the receiver requires ${keyword} ${JSON.stringify(bound)}, the sender promises ${JSON.stringify(sent[keyword]) ?? "none"}`;
  }
  const kept = new Set(restrictions(sent));
  const broken = restrictions(taken).find((restriction) => !kept.has(restriction));
  return broken === undefined ? undefined : `the receiver requires ${broken}, and the sender does not promise it`;
}

function holds(keyword: string, sent: JsonSchema, bound: unknown): boolean {
  const own = sent[keyword];
  if (LOWER.has(keyword)) return Number(bound) <= lowest(keyword, sent);
  if (UPPER.has(keyword)) return Number(bound) >= highest(keyword, sent);
  if (keyword === "multipleOf") return typeof own === "number" && own % Number(bound) === 0;
  return JSON.stringify(own) === JSON.stringify(bound);
}

/** The lower bound of the sender. An exclusive bound of the sender meets an inclusive bound of the same value, but not the other way round. */
function lowest(keyword: string, sent: JsonSchema): number {
  const own = Number(sent[keyword] ?? Number.NEGATIVE_INFINITY);
  return keyword === "minimum" ? Math.max(own, Number(sent.exclusiveMinimum ?? Number.NEGATIVE_INFINITY)) : own;
}

function highest(keyword: string, sent: JsonSchema): number {
  const own = Number(sent[keyword] ?? Number.POSITIVE_INFINITY);
  return keyword === "maximum" ? Math.min(own, Number(sent.exclusiveMaximum ?? Number.POSITIVE_INFINITY)) : own;
}

/** Patterns and other parts that must all hold, as text. They are compared as text because it cannot be decided whether one implies another. */
function restrictions(schema: JsonSchema): readonly string[] {
  const parts = Array.isArray(schema.allOf) ? schema.allOf : [];
  const own = schema.pattern === undefined ? [] : [{ pattern: schema.pattern }];
  return [...own, ...parts].map((part) => JSON.stringify(part));
}

/** Why one primitive value does not fit a schema; undefined if it fits. If it cannot be decided, a reason is returned. */
function valueProblem(value: unknown, schema: JsonSchema): string | undefined {
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

/** A JSON Schema as zod writes it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}
