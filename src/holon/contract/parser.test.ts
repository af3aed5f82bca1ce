import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ContractError } from "./contract-error.ts";
import { assertJsonOnly } from "./json-only.ts";
import { createAnswerParser, createParser, ParseFailure } from "./parser.ts";
import { samples } from "./schema.testing.ts";

const issuesOf = (result: unknown) => (result as ParseFailure).issues;

describe("a parser", () => {
  test("returns what JSON would carry, and shares nothing with its input, for every schema that contracts allow", () => {
    const cases = samples(3).chain((sample) => sample.values.map((value) => ({ ...sample, value })));
    let parsed = 0;
    fc.assert(
      fc.property(cases, ({ schema, value }) => {
        assertJsonOnly("p", "input", schema);
        const result = createParser(schema)(value);
        expect(differences(result, throughJson(schema.parse(throughJson(value))))).toEqual([]);
        expect(sharedObjects(result, [value])).toBe(0);
        expect(repeatedObjects(result)).toBe(0);
        parsed += 1;
      }),
      { numRuns: 400 },
    );
    expect(parsed).toBeGreaterThanOrEqual(400);
  });

  test("returns the same for a value and for its JSON image", () => {
    const anything = fc.anything({ withNullPrototype: true, maxDepth: 3 });
    fc.assert(
      fc.property(samples(2), anything, ({ schema }, value) => {
        const parse = createParser(schema);
        expect(parse(value)).toEqual(parse(JSON.parse(JSON.stringify({ value })).value));
      }),
      { numRuns: 300 },
    );
  });

  test("treats an undefined member as absent, also where zod distinguishes them", () => {
    const schema = z.object({ a: z.exactOptional(z.string()), b: z.record(z.string(), z.int()), c: z.string().optional() });
    expect(createParser(schema)({ a: undefined, b: { x: undefined, y: -0 }, c: undefined })).toStrictEqual({ b: { y: 0 } });
  });

  test("chooses the option of a union that the value's JSON image fits", () => {
    const schema = z.union([z.strictObject({ a: z.string() }), z.object({ b: z.string().optional() })]);
    expect(createParser(schema)({ a: "x", b: undefined })).toStrictEqual({ a: "x" });
  });

  test("refuses what JSON cannot carry", () => {
    const self: { self?: unknown } = {};
    self.self = self;
    expect(createParser(z.string())(1n)).toMatchObject({ issues: [{ code: "not_json" }] });
    expect(createParser(z.string())(self)).toMatchObject({ issues: [{ code: "not_json" }] });
    expect(createParser(z.json())(self)).toMatchObject({ issues: [{ code: "too_deep" }] });
  });

  test.each<[name: string, schema: z.ZodType, value: (text: string) => unknown, path: string]>([
    ["a text", z.string(), (text) => text, ""],
    ["a text of a pattern", z.string().regex(/./).min(1).trim(), (text) => text, ""],
    ["a text that may be absent, null or made up", z.object({ a: z.string().nullish().default("") }), (a) => ({ a }), "a"],
    ["a template", z.templateLiteral(["a", z.string()]), (text) => `a${text}`, ""],
    ["an item", z.array(z.string()), (text) => ["a", text], "1"],
    ["a place of a tuple", z.tuple([z.int()], z.string()), (text) => [1, "a", text], "2"],
    ["a member", z.object({ a: z.object({ b: z.string() }) }), (b) => ({ a: { b } }), "a.b"],
    ["a member of an open object", z.object({ a: z.int() }).catchall(z.string()), (b) => ({ a: 1, b }), "b"],
    ["a key of an open object", z.object({ a: z.int() }).catchall(z.int()), (key) => ({ a: 1, [key]: 1 }), "<key>"],
    ["a member of a record", z.record(z.string(), z.string()), (a) => ({ a }), "a"],
    ["a key of a record", z.record(z.string(), z.boolean()), (key) => ({ [key]: true }), "<key>"],
    ["a key of a record of a list", z.record(z.enum(["a"]), z.string()), (a) => ({ a }), "a"],
    ["one side of a union", z.union([z.int(), z.string()]), (text) => text, ""],
    ["a tagged option", z.discriminatedUnion("t", [z.object({ t: z.literal("a"), b: z.string() })]), (b) => ({ t: "a", b }), "b"],
    ["one side of an intersection", z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() })), (a) => ({ a, b: 1 }), "a"],
    ["a lazy text", z.object({ a: z.lazy(() => z.string()) }), (a) => ({ a }), "a"],
    ["any JSON", z.json(), (text) => ({ a: [text] }), "a.0"],
    ["a key of any JSON", z.json(), (key) => [{ [key]: 1 }], "0.<key>"],
    ["a value whose image is judged", z.object({ a: z.string() }), (a) => ({ a: { toJSON: () => a } }), "a"],
  ])("refuses half of a surrogate pair in %s of an input, not of an answer, and takes a whole one", (_name, schema, make, path) => {
    const parse = createParser(schema);
    const parseAnswer = createAnswerParser(schema);
    expect(parse(make("\u{1f600}"))).not.toBeInstanceOf(ParseFailure);
    for (const half of ["\ud83d", "\ude00", "a\ude00\ud83d"]) {
      const issue = { path: path.replace("<key>", half.toWellFormed()), code: "forbidden_character" };
      expect(parse(make(half))).toMatchObject({ issues: [issue] });
      expect(JSON.stringify(parseAnswer(make(half)))).toBe(JSON.stringify(make(half)));
    }
  });

  test("names a key that is not Unicode by a text that is", () => {
    const { issues } = createParser(z.strictObject({}))({ "\ud800": 1 }) as ParseFailure;
    expect([issues.length, JSON.stringify(issues).includes("\\ud800")]).toEqual([1, false]);
  });

  test("makes two copies of an object that a recursive value contains twice", () => {
    const twice = { x: 1 };
    const result = createParser(z.json())([twice, twice]) as unknown[];
    expect(result).toEqual([twice, twice]);
    expect(result[0]).not.toBe(result[1]);
  });

  test("remembers nothing of a value that it has parsed before", () => {
    const parse = createParser(z.json());
    const value = { list: [1] };
    parse(value);
    value.list.push(2);
    expect(parse(value)).toEqual({ list: [1, 2] });
  });

  test("says which schema is asynchronous", () => {
    const schema = z.string().refine((text) => Promise.resolve(text !== ""));
    expect(() => createParser(schema)("a")).toThrow(ContractError);
    expect(() => createParser(z.array(schema))(["a"])).toThrow(/asynchronous/);
  });

  test("reports an intersection whose sides disagree as an issue", () => {
    expect(createParser(z.intersection(z.string().trim(), z.string()))(" a ")).toMatchObject({ issues: [{ code: "custom" }] });
  });

  test("names every field of a small input that does not fit", () => {
    const parse = createParser(z.object({ id: z.uuid(), lines: z.array(z.object({ quantity: z.int().positive() })) }));
    expect(issuesOf(parse({ id: "1", lines: [{ quantity: 1 }, { quantity: 0 }] })).map((issue) => issue.path)).toEqual(["id", "lines.1.quantity"]);
  });

  test("reports at most 20 issues", () => {
    expect(issuesOf(createParser(z.array(z.int()))(Array(500).fill("x")))).toHaveLength(20);
  });

  test.each(BOMBS())("keeps the error of %s under 16 KiB", (_name, schema, value) => {
    const result = createParser(schema)(value) as ParseFailure;
    expect(result).toBeInstanceOf(ParseFailure);
    expect(new TextEncoder().encode(JSON.stringify(result.toBadRequest().details)).length).toBeLessThan(16 * 1024);
    expect(result.issues.length).toBeGreaterThan(0);
  });
});

function BOMBS(): readonly (readonly [name: string, schema: z.ZodType, value: unknown])[] {
  const union = z.union(Array.from({ length: 20 }, (_, index) => z.object({ kind: z.literal(`k${index}`), a: z.string(), b: z.int() })));
  const keys = (count: number, make: (index: number) => string, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [make(index), value]));
  return [
    ["10 000 bad unions", z.array(union), Array(10_000).fill({})],
    ["a record of 10 000 bad unions", z.record(z.string(), union), keys(10_000, (index) => `k${index}`, {})],
    ["10 000 unknown keys", z.strictObject({}), keys(10_000, (index) => `key${index}`, 1)],
    ["20 keys of control characters", z.record(z.string(), z.int()), keys(20, (index) => "\u0001".repeat(5_000) + index, "x")],
    ["20 keys of wide characters", z.record(z.string(), z.int()), keys(20, (index) => "\u{10000}".repeat(5_000) + index, "x")],
  ];
}

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify({ value })).value;

/** Paths at which two values differ: by Object.is at the leaves, and by their sets of keys. */
function differences(one: unknown, two: unknown, path = ""): string[] {
  if (typeof one !== "object" || one === null || typeof two !== "object" || two === null) return Object.is(one, two) ? [] : [path];
  if (Array.isArray(one) !== Array.isArray(two) || Object.keys(one).join() !== Object.keys(two).join()) return [`${path} keys`];
  return Object.keys(one).flatMap((key) =>
    differences((one as Record<string, unknown>)[key], (two as Record<string, unknown>)[key], `${path}.${key}`),
  );
}

function objectsIn(value: unknown): object[] {
  return typeof value === "object" && value !== null ? [value, ...Object.values(value).flatMap(objectsIn)] : [];
}

function sharedObjects(one: unknown, two: unknown): number {
  const objects = new Set(objectsIn(two));
  return objectsIn(one).filter((object) => objects.has(object)).length;
}

function repeatedObjects(value: unknown): number {
  const objects = objectsIn(value);
  return objects.length - new Set(objects).size;
}
