import { z } from "zod";

/** A value for a schema, and the expected result. */
export interface Sample {
  readonly name: string;
  readonly value: unknown;
  /** The value that the receiver gets; the value itself if this is not given. */
  readonly gives?: unknown;
  /** Path and rule of each issue, if the value is refused. */
  readonly issues?: readonly (readonly [path: string, code: string])[];
  /** The value is refused only in inputs: a handler may return it. */
  readonly answerable?: boolean;
  /** The issues at the edge, if the edge's own limits refuse a value that the schema allows. */
  readonly edgeIssues?: readonly (readonly [path: string, code: string])[];
  /** The value does not fit into a URL, so a query at the edge cannot take it; a mutation can. */
  readonly tooLongForUrl?: boolean;
}

/** A schema of a type that contracts may use, with samples of all its results. */
export interface SchemaRow {
  readonly schema: z.ZodType;
  readonly samples: readonly Sample[];
  /** The value may be undefined as a whole, which is only allowed in inputs. */
  readonly inputOnly?: boolean;
}

const good = (name: string, value: unknown, ...gives: [unknown?]): Sample =>
  gives.length === 0 ? { name, value } : { name, value, gives: gives[0] };
const bad = (name: string, value: unknown, ...issues: (readonly [path: string, code: string])[]): Sample => ({ name, value, issues });

/** A tree: each node contains others. */
interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}

const Tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.array(z.lazy(() => Tree)) });

const Card = z.object({ kind: z.literal("card"), digits: z.string().length(4), holder: z.string().optional() });
const Bank = z.object({ kind: z.literal("bank"), account: z.object({ iban: z.string(), zero: z.number() }) });

const twice = { x: 1 };
const dated = { toJSON: () => "2026-01-02T03:04:05.000Z" };

/** Every type that a contract may use, by name. */
export const SCHEMAS: Readonly<Record<string, SchemaRow>> = {
  text: {
    schema: z.string(),
    samples: [
      good("empty", ""),
      good("astral characters, combining marks, right-to-left", "a\u0301 😀 \u202eשלום\u2028\u2029"),
      { ...bad("half of a surrogate pair, which may be answered", "\ud800x", ["", "forbidden_character"]), answerable: true },
      good("a byte order mark, a replacement character, characters that are none", "\ufeffx\ufffd\uffff"),
      good("quotes, backslashes, line ends", '"\\\n\r\t</script>\u007f'),
      good("looks like other types", "null"),
      { name: "a NUL, which the edge refuses", value: "a\0b", edgeIssues: [["", "forbidden_character"]] },
      bad("a number", 5, ["", "invalid_type"]),
      bad("nothing", undefined, ["", "invalid_type"]),
      bad("null", null, ["", "invalid_type"]),
      good("a value that writes itself as text", dated, "2026-01-02T03:04:05.000Z"),
    ],
  },
  longText: {
    schema: z.string(),
    samples: [{ name: "60 000 characters", value: "ä€😀x".repeat(12_000), tooLongForUrl: true }],
  },
  shaped: {
    schema: z.string().trim().toLowerCase().min(2).max(5),
    samples: [
      good("changed by its schema once", "  ABC ", "abc"),
      bad("too short after trimming", " a ", ["", "too_small"]),
      bad("too long", "abcdef", ["", "too_big"]),
    ],
  },
  uuid: { schema: z.uuid(), samples: [good("good", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"), bad("bad", "6f9619ff", ["", "invalid_format"])] },
  email: { schema: z.email(), samples: [good("good", "a.b@example.test"), bad("bad", "a@", ["", "invalid_format"])] },
  instant: {
    schema: z.iso.datetime(),
    samples: [
      good("good", "2026-01-02T03:04:05.000Z"),
      good("a Date, by its text", new Date(1_767_323_045_000), "2026-01-02T03:04:05.000Z"),
      bad("no such day", "2026-02-30T00:00:00Z", ["", "invalid_format"]),
    ],
  },
  day: { schema: z.iso.date(), samples: [good("leap day", "2024-02-29"), bad("no such day", "2025-02-29", ["", "invalid_format"])] },
  url: { schema: z.url(), samples: [good("good", "https://example.test/ä?q=1#f"), bad("bad", "example", ["", "invalid_format"])] },
  pattern: { schema: z.string().regex(/^[a-z]+$/), samples: [good("good", "abc"), bad("bad", "ABC", ["", "invalid_format"])] },
  number: {
    schema: z.number(),
    samples: [
      good("zero", 0),
      good("negative zero becomes zero", -0, 0),
      good("the greatest", Number.MAX_VALUE),
      good("the smallest", Number.MIN_VALUE),
      good("a sum that is not round", 0.1 + 0.2),
      good("beyond the exact integers", 2 ** 53 + 2),
      bad("NaN", Number.NaN, ["", "invalid_type"]),
      bad("infinity", Number.POSITIVE_INFINITY, ["", "invalid_type"]),
      bad("negative infinity", Number.NEGATIVE_INFINITY, ["", "invalid_type"]),
      bad("digits as text", "1", ["", "invalid_type"]),
    ],
  },
  bounded: {
    schema: z.number().gt(0).lte(10).multipleOf(0.5),
    samples: [
      good("inside", 9.5),
      bad("at the open end", 0, ["", "too_small"]),
      bad("over", 10.5, ["", "too_big"]),
      bad("between the steps", 1.2, ["", "not_multiple_of"]),
    ],
  },
  int: {
    schema: z.int(),
    samples: [
      good("the greatest exact", Number.MAX_SAFE_INTEGER),
      good("negative zero becomes zero", -0, 0),
      bad("a fraction", 1.5, ["", "invalid_type"]),
      bad("beyond the exact", Number.MAX_SAFE_INTEGER + 1, ["", "too_big"]),
    ],
  },
  boolean: {
    schema: z.boolean(),
    samples: [good("true", true), good("false", false), bad("a text", "true", ["", "invalid_type"]), bad("a number", 0, ["", "invalid_type"])],
  },
  nothing: {
    schema: z.null(),
    samples: [
      good("null", null),
      good("NaN, which JSON writes as null", Number.NaN, null),
      bad("nothing", undefined, ["", "invalid_type"]),
      bad("zero", 0, ["", "invalid_type"]),
    ],
  },
  literal: {
    schema: z.literal(["a", 0, true, null]),
    samples: [good("a text", "a"), good("negative zero", -0, 0), good("null", null), bad("another", "b", ["", "invalid_value"])],
  },
  enumeration: {
    schema: z.enum(["open", "closed"]),
    samples: [
      good("one of them", "closed"),
      bad("another spelling", "Closed", ["", "invalid_value"]),
      bad("a member that all objects have", "constructor", ["", "invalid_value"]),
    ],
  },
  template: { schema: z.templateLiteral(["v", z.int()]), samples: [good("good", "v12"), bad("bad", "v1.5", ["", "invalid_format"])] },
  object: {
    schema: z.object({ id: z.string(), count: z.number() }),
    samples: [
      good("exact", { id: "a", count: -0 }, { id: "a", count: 0 }),
      good("unknown members are dropped", { id: "a", count: 1, secret: { deep: true } }, { id: "a", count: 1 }),
      good("without a prototype", Object.assign(Object.create(null) as object, { id: "a", count: 1 }), { id: "a", count: 1 }),
      good(
        "of a class",
        new (class Thing {
          id = "a";
          count = 1;
        })(),
        { id: "a", count: 1 },
      ),
      bad("a missing member", { id: "a" }, ["count", "invalid_type"]),
      bad("two wrong members", { id: 1, count: "1" }, ["id", "invalid_type"], ["count", "invalid_type"]),
      bad("a list", [], ["", "invalid_type"]),
      bad("null", null, ["", "invalid_type"]),
    ],
  },
  emptyObject: {
    schema: z.object({}),
    samples: [good("empty", {}), good("unknown members only", { a: 1 }, {}), bad("a text", "", ["", "invalid_type"])],
  },
  strictObject: {
    schema: z.strictObject({ id: z.string() }),
    samples: [
      good("exact", { id: "a" }),
      bad("unknown members", { id: "a", b: 1, c: 2 }, ["", "unrecognized_keys"]),
      good("unknown members that are undefined", { id: "a", b: undefined }, { id: "a" }),
    ],
  },
  catchall: {
    schema: z.object({ id: z.string() }).catchall(z.number()),
    samples: [
      good("known and other members", { id: "a", x: -0, y: 2 }, { id: "a", x: 0, y: 2 }),
      bad("a bad other member", { id: "a", x: "1" }, ["x", "invalid_type"]),
    ],
  },
  optionals: {
    schema: z.object({ absent: z.string().optional(), nullable: z.string().nullable(), either: z.string().nullish() }),
    samples: [
      good("all there", { absent: "a", nullable: "b", either: "c" }),
      good("nulls where they may be", { nullable: null, either: null }),
      good("undefined is absent", { absent: undefined, nullable: null, either: undefined }, { nullable: null }),
      bad("null is not absent", { absent: null, nullable: null }, ["absent", "invalid_type"]),
      bad("absent is not null", { absent: "a" }, ["nullable", "invalid_type"]),
    ],
  },
  defaults: {
    schema: z.object({ size: z.int().default(20), tags: z.array(z.string()).default([]), name: z.string().trim().prefault(" x ") }),
    samples: [
      good("all absent", {}, { size: 20, tags: [], name: "x" }),
      good("all undefined", { size: undefined, tags: undefined, name: undefined }, { size: 20, tags: [], name: "x" }),
      good("given", { size: 1, tags: ["a"], name: "n" }),
      bad("null is not absent", { size: null }, ["size", "invalid_type"]),
    ],
  },
  list: {
    schema: z.array(z.number()).max(4),
    samples: [
      good("empty", []),
      good("in order, with a negative zero", [3, -0, 1], [3, 0, 1]),
      bad("a hole", [1, undefined, 3], ["1", "invalid_type"]),
      bad("NaN inside", [1, Number.NaN], ["1", "invalid_type"]),
      bad("too long", [1, 2, 3, 4, 5], ["", "too_big"]),
      bad("an object with a length", { length: 0 }, ["", "invalid_type"]),
    ],
  },
  nullables: {
    schema: z.array(z.string().nullable()),
    samples: [good("nulls", ["a", null]), good("undefined is null inside a list", ["a", undefined], ["a", null])],
  },
  longList: {
    schema: z.array(z.object({ n: z.int() })),
    samples: [{ name: "2 000 objects", value: Array.from({ length: 2_000 }, (_, n) => ({ n })), tooLongForUrl: true }],
  },
  tuple: {
    schema: z.tuple([z.string(), z.number()]),
    samples: [good("exact", ["a", -0], ["a", 0]), bad("too short", ["a"], ["", "too_small"]), bad("too long", ["a", 1, 2], ["", "too_big"])],
  },
  tupleWithRest: {
    schema: z.tuple([z.string()], z.int()),
    samples: [good("with more", ["a", 1, 2]), good("without", ["a"]), bad("a bad rest", ["a", "b"], ["1", "invalid_type"])],
  },
  record: {
    schema: z.record(z.string(), z.number()),
    samples: [
      good("empty", {}),
      good("keys of all kinds", { "": 1, "a b": 2, "ä😀": 3, "10": 4, "2": 5, constructor: 6, toString: 7 }),
      good("undefined members are absent", { a: 1, b: undefined }, { a: 1 }),
      bad("a bad member", { a: "1" }, ["a", "invalid_type"]),
    ],
  },
  recordOfEnum: {
    schema: z.record(z.enum(["a", "b"]), z.number()),
    samples: [
      good("all keys", { a: 1, b: 2 }),
      bad("a missing key", { a: 1 }, ["b", "invalid_type"]),
      bad("an unknown key", { a: 1, b: 2, c: 3 }, ["", "unrecognized_keys"]),
    ],
  },
  partialRecord: {
    schema: z.partialRecord(z.enum(["a", "b"]), z.number()),
    samples: [good("some keys", { b: 1 }), good("an undefined key", { a: undefined, b: 1 }, { b: 1 })],
  },
  union: {
    schema: z.union([z.string(), z.number(), z.object({ a: z.string().optional() })]),
    samples: [
      good("the first", "x"),
      good("the second", -0, 0),
      good("an object with an undefined member", { a: undefined }, {}),
      bad("none of them", true, ["", "invalid_union"]),
    ],
  },
  discriminated: {
    schema: z.discriminatedUnion("kind", [Card, Bank]),
    samples: [
      good("one", { kind: "card", digits: "1234", holder: undefined }, { kind: "card", digits: "1234" }),
      good("the other, nested", { kind: "bank", account: { iban: "X", zero: -0 } }, { kind: "bank", account: { iban: "X", zero: 0 } }),
      bad("an unknown kind", { kind: "cash" }, ["kind", "invalid_union"]),
      bad("the wrong shape", { kind: "card", digits: "1" }, ["digits", "too_small"]),
    ],
  },
  intersection: {
    schema: z.intersection(z.object({ a: z.number() }), z.object({ b: z.string().optional() })),
    samples: [
      good("both", { a: -0, b: "x" }, { a: 0, b: "x" }),
      good("one absent", { a: 1, b: undefined }, { a: 1 }),
      bad("the left one wrong", { a: "1" }, ["a", "invalid_type"]),
    ],
  },
  nested: {
    schema: z.object({ a: z.object({ b: z.array(z.object({ c: z.tuple([z.record(z.string(), z.object({ d: z.number() }))]) })) }) }),
    samples: [
      good("deep", { a: { b: [{ c: [{ k: { d: -0 } }] }] } }, { a: { b: [{ c: [{ k: { d: 0 } }] }] } }),
      bad("wrong in the depth", { a: { b: [{ c: [{ k: { d: "0" } }] }] } }, ["a.b.0.c.0.k.d", "invalid_type"]),
    ],
  },
  recursive: {
    schema: Tree,
    samples: [
      good("three levels", { name: "a", children: [{ name: "b", children: [{ name: "c", children: [] }] }] }),
      bad("wrong on the third level", { name: "a", children: [{ name: "b", children: [{ name: 3, children: [] }] }] }, [
        "children.0.children.0.name",
        "invalid_type",
      ]),
    ],
  },
  anyJson: {
    schema: z.json(),
    samples: [
      good("all kinds", { a: [1, "x", null, true, { b: {} }], c: [] }),
      good("one object in two places", [twice, twice], [{ x: 1 }, { x: 1 }]),
      good("null", null),
      good("undefined inside is absent", { a: undefined, b: 1 }, { b: 1 }),
      good("a Date inside, by its text", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }),
      {
        name: "a member __proto__, which the edge refuses",
        value: JSON.parse('{"a":1,"__proto__":{"admin":true}}'),
        gives: { a: 1 },
        edgeIssues: [["__proto__", "forbidden_key"]],
      },
    ],
  },
  caught: {
    schema: z.object({ level: z.int().catch(1) }),
    samples: [
      good("good", { level: 3 }),
      good("bad, and caught", { level: "high" }, { level: 1 }),
      good("NaN, and caught", { level: Number.NaN }, { level: 1 }),
    ],
  },
  refined: {
    schema: z.object({ from: z.int(), to: z.int() }).refine(({ from, to }) => from <= to, { path: ["to"], message: "ends before it begins" }),
    samples: [good("good", { from: 1, to: 2 }), bad("bad", { from: 2, to: 1 }, ["to", "custom"])],
  },
  optionalInput: {
    schema: z.object({ limit: z.int().default(5) }).optional(),
    inputOnly: true,
    samples: [good("nothing", undefined), good("an empty object", {}, { limit: 5 }), bad("null", null, ["", "invalid_type"])],
  },
  nullableInput: { schema: z.string().nullish(), inputOnly: true, samples: [good("nothing", undefined), good("null", null), good("a text", "x")] },
  defaultInput: {
    schema: z.int().default(7),
    inputOnly: true,
    samples: [good("nothing", undefined, 7), good("given", 1), bad("null", null, ["", "invalid_type"])],
  },
};
