import fc from "fast-check";
import { z } from "zod";
import { isUnicodeJson } from "../../src/holon/kernel/unicode-text.ts";

/** A JSON Schema as zod writes it. */
interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** Known values, which cannot be derived from the schema. */
export interface KnownValues {
  /** The ids of existing rows, so that calls find a row. */
  readonly ids?: readonly string[];
  /** Texts for members whose format is not in the schema, by the name of the member. */
  readonly texts?: Readonly<Record<string, fc.Arbitrary<string>>>;
}

/** Values that a schema accepts as input; edge cases more often than ordinary values. */
export function validValues(schema: z.ZodType, known: KnownValues = {}): fc.Arbitrary<unknown> {
  if (takesNothing(schema)) return fc.constant(undefined);
  const json = jsonSchemaOf(schema);
  let misses = 0;
  return new JsonValues(json, known).of(json).filter((value) => {
    const fits = schema.safeParse(value).success && !FORBIDDEN_EVERYWHERE.test(JSON.stringify(value)) && isUnicodeJson(value);
    misses = fits ? 0 : misses + 1;
    if (misses > MOST_MISSES) throw new RangeError(`nothing that was drawn fits the schema ${JSON.stringify(json)}`);
    return fits;
  });
}

/** Text that the edge refuses, whatever the schema says. */
const FORBIDDEN_EVERYWHERE = /\\u0000|"__proto__":/;

/** How many drawn values in a row may be invalid. Some are, because some rules of a schema are not in its JSON Schema. */
const MOST_MISSES = 1_000;

/** JSON Schema describes only the input of a transformed value, so the schema after the transformation is added. */
function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      if (def.type === "pipe") Object.assign(jsonSchema, { ...jsonSchemaOf(def.out as z.ZodType), ...jsonSchema });
    },
  }) as JsonSchema;
}

/** Values like those that a schema accepts, with one place spoilt, and some unrelated ones. Some are valid by chance. */
export function spoiltValues(schema: z.ZodType, known: KnownValues = {}): fc.Arbitrary<unknown> {
  const spoilt = fc.tuple(validValues(schema, known), fc.nat(), JUNK).map(([value, place, junk]) => spoil(value, place, junk));
  return fc.oneof({ weight: 4, arbitrary: spoilt }, { weight: 1, arbitrary: fc.jsonValue() });
}

/** Whether a schema accepts no input at all. */
export function takesNothing(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success && !schema.safeParse({}).success;
}

/** Texts that have a special meaning somewhere: in SQL, paths, browsers or JavaScript. */
const ODD_TEXTS = [
  "'; drop table users; --",
  "%_\\",
  "../../etc/passwd",
  "<script>",
  "__proto__",
  "constructor",
  "null",
  "\ud800",
  "\u202eabc",
  "😀",
  "a\u0301",
];

/** Values that are put where they do not belong; `undefined` removes the member. */
const JUNK: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, "", " ", -1, 0, 1.5, 1e9, 1e21, -(2 ** 53), true, [], {}, "x".repeat(1_000), "a\0b", { $ne: null }, [
    [[]],
  ]),
  fc.constantFrom<unknown>(...ODD_TEXTS),
  fc.jsonValue(),
);

/** Days and years on which calendars and databases disagree. */
const ODD_DAYS = ["0000-01-01", "0001-01-01", "1582-10-10", "1900-02-28", "2024-02-29", "9999-12-31"];

const day: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...ODD_DAYS),
  fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
);
const time = fc.constantFrom("00:00:00Z", "23:59:59.999Z", "12:00:00.123456789Z", "12:00Z");

/** Draws values of one schema and of all its parts. */
class JsonValues {
  readonly #root: JsonSchema;
  readonly #known: KnownValues;

  readonly #depth: number;

  constructor(root: JsonSchema, known: KnownValues, depth = 0) {
    this.#root = root;
    this.#known = known;
    this.#depth = depth;
  }

  of(schema: JsonSchema): fc.Arbitrary<unknown> {
    if (schema.$ref !== undefined) return this.#referred(schema.$ref);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return fc.oneof(...choices.map((choice) => this.of(choice)));
    if (schema.allOf !== undefined) return this.of(merged(schema));
    switch (schema.type) {
      case "object":
        return this.#object(schema);
      case "array":
        return this.#array(schema);
      case "string":
        return this.#text(schema);
      case "integer":
        return integer(schema);
      case "number":
        return fc.double({ noNaN: true, noDefaultInfinity: true, ...bounds(schema) });
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      default:
        return fc.jsonValue();
    }
  }

  /** A recursive schema is drawn to a depth of three; there it ends with an empty list or null. */
  #referred(ref: string): fc.Arbitrary<unknown> {
    const target = ref === "#" ? this.#root : this.#root.$defs?.[ref.slice("#/$defs/".length)];
    return this.#depth >= 3 ? fc.constant(null) : new JsonValues(this.#root, this.#known, this.#depth + 1).of(target ?? {});
  }

  #object({ properties = {}, required = [], additionalProperties, propertyNames }: JsonSchema): fc.Arbitrary<unknown> {
    const members = Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, this.#known.texts?.[name] ?? this.of(member)]));
    const named = fc.record(members, { requiredKeys: required.filter((name) => name in members) });
    if (typeof additionalProperties !== "object" || Object.keys(properties).length > 0) return named;
    const keys = propertyNames === undefined ? fc.string({ maxLength: 10 }) : (this.of(propertyNames) as fc.Arbitrary<string>);
    return fc.dictionary(keys, this.of(additionalProperties), { maxKeys: 5 });
  }

  #array({ items, prefixItems, minItems = 0, maxItems = 20 }: JsonSchema): fc.Arbitrary<unknown> {
    if (this.#depth >= 3) return fc.constant([]);
    if (prefixItems !== undefined) return fc.tuple(...prefixItems.map((item) => this.of(item)));
    return fc.array(typeof items === "object" ? this.of(items) : fc.jsonValue(), { minLength: minItems, maxLength: maxItems });
  }

  #text({ format, pattern, minLength = 0, maxLength }: JsonSchema): fc.Arbitrary<unknown> {
    switch (format) {
      case "uuid":
        return fc.oneof(fc.uuid(), ...(this.#known.ids === undefined ? [] : [fc.constantFrom(...this.#known.ids)]));
      case "email":
        return fc.tuple(fc.emailAddress(), fc.constantFrom("", " "), fc.boolean()).map(([at, space, up]) => space + (up ? at.toUpperCase() : at));
      case "uri":
        return fc.webUrl();
      case "date":
        return day;
      case "date-time":
        return fc.tuple(day, time).map((parts) => parts.join("T"));
      default:
        if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
        return fc.oneof(
          fc.string({ unit: "grapheme", minLength, ...(maxLength === undefined ? {} : { maxLength }) }),
          fc.string({ unit: "binary", minLength, maxLength: Math.min(maxLength ?? 50, 50) }).map((text) => text.replaceAll("\0", "")),
          fc.constantFrom(...ODD_TEXTS, "x".repeat(maxLength ?? 1_000)),
        );
    }
  }
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): { readonly min?: number; readonly max?: number } {
  const [min, max] = [minimum ?? exclusiveMinimum, maximum ?? exclusiveMaximum];
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function integer(schema: JsonSchema): fc.Arbitrary<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds(schema);
  const edges = fc.constantFrom(min, max);
  return fc.oneof(
    fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) }),
    edges,
    fc.constant(Math.min(Math.max(1, min), max)),
  );
}

/** Merges all parts of a schema. Conflicts between their rules are left to the schema itself, which checks each value. */
function merged({ allOf = [], ...own }: JsonSchema): JsonSchema {
  return Object.assign({}, ...allOf, own, {
    properties: Object.assign({}, ...allOf.map(({ properties }) => properties), own.properties),
  }) as JsonSchema;
}

/** Returns the value with one place replaced or removed. Places are counted depth first, and `place` is taken modulo their number. */
function spoil(value: unknown, place: number, junk: unknown): unknown {
  const spoilt: unknown = structuredClone(value);
  const places = placesIn(spoilt);
  const at = places[place % (places.length + 1)];
  if (at === undefined) return junk;
  const [holder, key] = at;
  if (junk === undefined && !Array.isArray(holder)) delete holder[key];
  else holder[key] = junk ?? null;
  return spoilt;
}

function placesIn(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [[holder, key] as [Record<string, unknown>, string], ...placesIn(holder[key])]);
}
