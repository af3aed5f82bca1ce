import { describe, expect, test } from "vitest";
import { z } from "zod";
import { compareProcedures, describeProcedure, procedureFingerprint } from "./fingerprint.ts";
import { type AnyProcedure, mutation, query } from "./procedure.ts";

const input = (schema: z.ZodType) => mutation({ access: "public", input: schema });
const output = (schema: z.ZodType) => query({ access: "public", output: schema });
const errors = (schemas: Record<string, z.ZodType>) => query({ access: "public", errors: schemas });
const reason = (caller: AnyProcedure, callee: AnyProcedure) => compareProcedures(describeProcedure(caller), describeProcedure(callee));

const base = z.object({ id: z.uuid(), name: z.string() });
type Tree = { value: number; below: Tree[] };
const tree = (value: z.ZodType<number>): z.ZodType => {
  const self: z.ZodType<Tree> = z.lazy(() => z.object({ value, below: z.array(self) })) as never;
  return self;
};
const shapes = (...kinds: string[]) => z.discriminatedUnion("kind", kinds.map((kind) => z.object({ kind: z.literal(kind), size: z.int() })) as never);

/**
 * Each pair is tested twice. First, a caller sends data of the first schema to a callee that takes the second. Then a callee answers with data of the first
 * schema to a caller that reads the second.
 */
const COMPATIBLE: Record<string, readonly [from: z.ZodType, to: z.ZodType]> = {
  "the same schema": [base, base],
  "an optional member that the sender does not know": [base, base.extend({ note: z.string().optional() })],
  "a member that the receiver does not know": [base.extend({ note: z.string() }), base],
  "a member that is always sent and may be absent": [base, base.partial()],
  "an integer for a number": [z.object({ n: z.int() }), z.object({ n: z.number() })],
  "narrower bounds": [z.array(z.string().min(2).max(4)).max(3), z.array(z.string().min(1).max(5)).max(4)],
  "exclusive for inclusive bounds": [z.number().gt(1).lt(5), z.number().min(1).max(5)],
  "a multiple of a multiple": [z.number().multipleOf(10), z.number().multipleOf(5)],
  "fewer values of an enum": [z.enum(["a", "b"]), z.enum(["c", "b", "a"])],
  "a literal for a string": [z.literal("a"), z.string()],
  "a literal that matches the pattern": [z.literal("ab"), z.string().regex(/^a/)],
  "a format for a string": [z.email(), z.string()],
  "null left out": [z.object({ a: z.string() }), z.object({ a: z.string().nullable() })],
  "an alternative less": [z.union([z.string(), z.int()]), z.union([z.int(), z.string(), z.null()])],
  "an option less": [shapes("circle"), shapes("square", "circle")],
  "the same tuple": [z.tuple([z.string()], z.int()), z.tuple([z.string()], z.number())],
  "a record of narrower values": [z.record(z.enum(["a"]), z.int()), z.record(z.string(), z.number())],
  "members where a catchall is": [z.object({ a: z.int() }), z.object({}).catchall(z.number())],
  "a recursive schema": [tree(z.int()), tree(z.number())],
  "any JSON": [z.json(), z.json()],
  "one pattern more": [z.string().regex(/a/).regex(/b/), z.string().regex(/b/)],
};

const INCOMPATIBLE: Record<string, readonly [from: z.ZodType, to: z.ZodType, reason: string]> = {
  "another type": [z.object({ a: z.string() }), z.object({ a: z.int() }), ".a: string is sent where integer is taken"],
  "a needed member that is not sent": [base, base.extend({ note: z.string() }), ".note: is required, and the sender may leave it out"],
  "a needed member that may be absent": [base.partial(), base, ".id: is required, and the sender may leave it out"],
  "wider bounds": [z.string().max(5), z.string().max(4), ": the receiver requires maxLength 4, the sender promises 5"],
  "no bounds": [z.array(z.int()), z.array(z.int()).min(1), ": the receiver requires minItems 1, the sender promises none"],
  "an inclusive for an exclusive bound": [z.number().min(1), z.number().gt(1), ": the receiver requires exclusiveMinimum 1"],
  "one value more": [z.enum(["a", "b", "c"]), z.enum(["a", "b"]), ': "c" is not among the values that are taken'],
  "a string for an enum": [z.string(), z.enum(["a"]), ": only some values are taken"],
  "a literal that does not match": [z.literal("b"), z.string().regex(/^a/), ': the receiver requires {"pattern":"^a"}'],
  null: [z.object({ a: z.string().nullable() }), z.object({ a: z.string() }), ".a: null is sent where string is taken"],
  "one alternative more": [z.union([z.string(), z.int()]), z.union([z.string(), z.null()]), ": integer fits none of the 2 forms that are taken"],
  "one option more": [shapes("circle", "square"), shapes("circle", "line"), ": object fits none of the 2 forms"],
  "a longer tuple": [z.tuple([z.string(), z.string()]), z.tuple([z.string()]), ": the receiver requires maxItems 1, the sender promises 2"],
  "other keys of a record": [z.record(z.string(), z.int()), z.record(z.enum(["a"]), z.int()), ".a: is required, and the sender may leave it out"],
  "another format": [z.email(), z.uuid(), ": the receiver requires format"],
  "another pattern": [z.string().regex(/a/), z.string().regex(/b/), ': the receiver requires {"pattern":"b"}, and the sender does not promise it'],
  "a deep difference": [
    z.array(z.object({ a: z.record(z.string(), z.string()) })),
    z.array(z.object({ a: z.record(z.string(), z.int()) })),
    "[].a{}: string is sent",
  ],
  "a recursive schema": [tree(z.number()), tree(z.int()), ".value: number is sent where integer is taken"],
};

describe("comparing two versions of a procedure", () => {
  test.each(Object.entries(COMPATIBLE))("accepts %s", (_name, [from, to]) => {
    expect(reason(input(from), input(to))).toEqual({ compatible: true });
    expect(reason(output(to), output(from))).toEqual({ compatible: true });
  });

  test.each(Object.entries(INCOMPATIBLE))("refuses %s, and says where", (_name, [from, to, words]) => {
    expect(reason(input(from), input(to))).toMatchObject({ compatible: false, reason: expect.stringContaining(`input${words}`) });
    expect(reason(output(to), output(from))).toMatchObject({ compatible: false, reason: expect.stringContaining(`output${words}`) });
  });

  test("refuses a member that a strict callee does not know, and ignores a new member of an answer", () => {
    const strict = z.strictObject({ id: z.string() });
    const more = z.strictObject({ id: z.string(), note: z.string().optional() });
    expect(reason(input(more), input(strict))).toEqual({
      compatible: false,
      reason: "input.note: is sent, and the callee refuses members that it does not know",
    });
    expect(reason(output(strict), output(more))).toEqual({ compatible: true });
  });

  test("lets old and new version call each other after the usual additions", () => {
    const before = mutation({ access: "user", input: base, output: base });
    const after = mutation({ access: "user", input: base.extend({ note: z.string().default("") }), output: base.extend({ note: z.string() }) });
    expect(reason(before, after)).toEqual({ compatible: true });
    expect(reason(after, before)).toMatchObject({ compatible: false, reason: "output.note: is required, and the sender may leave it out" });
    expect(reason(mutation({ access: "user", input: after.input, output: base }), before)).toEqual({ compatible: true });
  });

  test("refuses another kind of procedure, and one that is idempotent for the caller only", () => {
    expect(reason(query({ access: "public" }), mutation({ access: "public" }))).toMatchObject({ compatible: false });
    const [idempotent, plain] = [mutation({ access: "public", idempotent: true }), mutation({ access: "public" })];
    expect(reason(idempotent, plain)).toMatchObject({ compatible: false });
    expect(reason(plain, idempotent)).toEqual({ compatible: true });
  });

  test("distinguishes an absent input or output from a present one", () => {
    const [nothing, optional, needed] = [mutation({ access: "public" }), input(base.optional()), input(base)];
    expect(reason(nothing, optional)).toEqual({ compatible: true });
    expect(reason(nothing, needed)).toMatchObject({ compatible: false });
    expect(reason(optional, needed)).toMatchObject({ compatible: false });
    expect(reason(needed, nothing)).toMatchObject({ compatible: false });
    expect(reason(query({ access: "public" }), output(base))).toEqual({ compatible: true });
    expect(reason(output(base), query({ access: "public" }))).toMatchObject({ compatible: false });
  });

  test("compares the details of errors that both versions declare", () => {
    expect(reason(errors({ A_GONE: base }), errors({ B_NEW: base }))).toEqual({ compatible: true });
    expect(reason(errors({ A: z.object({ n: z.int() }) }), errors({ A: z.object({ n: z.string() }) }))).toMatchObject({
      reason: expect.stringContaining("errors.A.n"),
    });
  });
});

describe("the fingerprint of a procedure", () => {
  test("does not depend on the order of members, nor on descriptions, access, defaults or routes", () => {
    const one = query({
      access: "public",
      input: z.object({ a: z.string().describe("x").default("1"), b: z.enum(["p", "q"]) }),
      output: base,
      rest: "GET /x",
    });
    const two = query({
      access: "user",
      input: z.object({ b: z.enum(["q", "p"]), a: z.string().meta({ title: "t" }).default("2") }),
      output: base,
      description: "other",
    });
    expect(procedureFingerprint(one)).toBe(procedureFingerprint(two));
    expect(procedureFingerprint(one)).toMatch(/^[0-9a-f]{16}$/);
  });

  test("keeps members that are named like keywords of JSON Schema", () => {
    const named = z.object({ title: z.string(), id: z.string(), default: z.int() });
    expect(procedureFingerprint(output(named))).not.toBe(procedureFingerprint(output(named.omit({ title: true }))));
    expect(reason(output(named), output(named.omit({ title: true })))).toMatchObject({
      reason: "output.title: is required, and the sender may leave it out",
    });
  });

  test("differs if anything differs that is sent", () => {
    const variants = [
      output(base),
      output(base.partial()),
      input(base),
      errors({ A: base }),
      mutation({ access: "public" }),
      mutation({ access: "public", idempotent: true }),
      query({ access: "public" }),
    ];
    expect(new Set(variants.map(procedureFingerprint)).size).toBe(variants.length);
  });

  test("survives a trip as JSON", () => {
    const description = describeProcedure(input(tree(z.int())));
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });
});
