import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ContractError } from "./contract-error.ts";
import { assertJsonOnly } from "./json-only.ts";

type Category = { name: string; below: Category[] };
const Category: z.ZodType<Category> = z.lazy(() => z.object({ name: z.string(), below: z.array(Category) }));
const Getter = z.object({
  name: z.string(),
  get below() {
    return z.array(Getter);
  },
});

/** A sample of every zod type that a contract may contain. */
const ALLOWED: Record<string, z.ZodType> = {
  string: z.string().min(1).max(5).trim().toLowerCase().regex(/a/),
  guid: z.guid(),
  uuid: z.uuid(),
  email: z.email(),
  url: z.url(),
  httpUrl: z.httpUrl(),
  emoji: z.emoji(),
  nanoid: z.nanoid(),
  cuid: z.cuid(),
  cuid2: z.cuid2(),
  ulid: z.ulid(),
  xid: z.xid(),
  ksuid: z.ksuid(),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  mac: z.mac(),
  cidrv4: z.cidrv4(),
  cidrv6: z.cidrv6(),
  base64: z.base64(),
  base64url: z.base64url(),
  e164: z.e164(),
  jwt: z.jwt(),
  creditCard: z.creditCard(),
  iban: z.iban(),
  hostname: z.hostname(),
  hex: z.hex(),
  hash: z.hash("sha256"),
  stringFormat: z.stringFormat("even", (text) => text.length % 2 === 0),
  date: z.iso.date(),
  time: z.iso.time(),
  datetime: z.iso.datetime(),
  duration: z.iso.duration(),
  number: z.number().positive().multipleOf(2),
  int: z.int(),
  int32: z.int32(),
  uint32: z.uint32(),
  float32: z.float32(),
  float64: z.float64(),
  boolean: z.boolean(),
  null: z.null(),
  never: z.never(),
  literal: z.literal(["a", 1, true, null]),
  enum: z.enum(["a", "b"]),
  keyof: z.object({ a: z.string() }).keyof(),
  templateLiteral: z.templateLiteral(["a", z.int()]),
  object: z.object({ a: z.string(), b: z.int().optional(), c: z.exactOptional(z.string()) }),
  strictObject: z.strictObject({ a: z.string() }),
  catchall: z.object({}).catchall(z.int()),
  array: z.array(z.string()),
  tuple: z.tuple([z.string(), z.int()], z.boolean()),
  record: z.record(z.string(), z.int()),
  recordOfEnum: z.record(z.enum(["a", "b"]), z.int()),
  partialRecord: z.partialRecord(z.enum(["a"]), z.int()),
  union: z.union([z.string(), z.array(z.int())]),
  xor: z.xor([z.string(), z.int()]),
  discriminatedUnion: z.discriminatedUnion("kind", [z.object({ kind: z.literal("a") }), z.object({ kind: z.literal("b"), n: z.int() })]),
  intersection: z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })),
  nullable: z.string().nullable(),
  nullishMember: z.object({ a: z.string().nullish() }),
  nonoptional: z.nonoptional(z.string().optional()),
  default: z.object({ a: z.string().default("x"), b: z.array(z.string()).default([]), c: z.int().default(() => 1) }),
  prefault: z.object({ a: z.object({ b: z.array(z.string()) }).prefault({ b: [] }) }),
  catch: z.object({ a: z.enum(["a", "b"]).catch("a") }),
  pipe: z.string().pipe(z.email()),
  refine: z.object({ a: z.int() }).refine((value) => value.a > 1),
  superRefine: z.string().superRefine(() => {}),
  lazy: Category,
  getter: Getter,
  json: z.json(),
  brand: z.string().brand("id"),
  described: z.string().describe("a").meta({ id: "json-only-test" }),
  partial: z.object({ a: z.string() }).partial().required(),
};

/** A sample of every type that a contract refuses, and a part of the message of the refusal. */
const REFUSED: Record<string, readonly [z.ZodType, RegExp]> = {
  any: [z.any(), /any/],
  unknown: [z.unknown(), /unknown/],
  date: [z.date(), /iso\.datetime/],
  bigint: [z.bigint(), /bigint/],
  int64: [z.int64(), /bigint/],
  map: [z.map(z.string(), z.string()), /Map/],
  set: [z.set(z.string()), /Set/],
  symbol: [z.symbol(), /symbol/],
  function: [z.function() as unknown as z.ZodType, /function/],
  promise: [z.promise(z.string()), /promise/],
  file: [z.file(), /File/],
  nan: [z.nan(), /NaN/],
  undefined: [z.undefined(), /undefined/],
  void: [z.void(), /void/],
  custom: [z.custom(() => true), /custom/],
  instanceof: [z.instanceof(URL), /instanceof/],
  transform: [z.string().transform((text) => text.length), /transform/],
  preprocess: [z.preprocess((value) => value, z.string()), /transform or preprocess/],
  codec: [z.codec(z.string(), z.int(), { decode: Number, encode: String }), /codec/],
  stringbool: [z.stringbool(), /stringbool/],
  success: [z.success(z.string()), /success/],
  readonly: [z.object({}).readonly(), /readonly/],
  coerceString: [z.coerce.string(), /coerced/],
  coerceNumber: [z.coerce.number(), /coerced/],
  coerceBoolean: [z.coerce.boolean(), /coerced/],
  looseObject: [z.looseObject({}), /loose object/],
  passthrough: [z.object({}).catchall(z.any()), /loose object/],
  looseRecord: [z.looseRecord(z.string(), z.int()), /loose record/],
  symbolKey: [z.object({ [Symbol.iterator]: z.string() }), /symbol as key/],
  recordOfNumbers: [z.record(z.number(), z.string()), /keys are not strings/],
  recordOfLiteral: [z.record(z.literal(1), z.string()), /keys are not strings/],
  literalUndefined: [z.literal(undefined), /literal/],
  literalBigint: [z.literal(1n), /literal/],
  optionalElement: [z.array(z.string().optional()), /may be undefined/],
  optionalItem: [z.tuple([z.string().optional()]), /may be undefined/],
  optionalRest: [z.tuple([z.string()], z.int().optional()), /may be undefined/],
  optionalValue: [z.record(z.string(), z.string().optional()), /may be undefined/],
  optionalAnswer: [z.string().optional(), /may be undefined/],
  optionalInUnion: [z.array(z.union([z.int(), z.string().optional()])), /may be undefined/],
  defaultElement: [z.array(z.string().default("x")), /default where nothing can be absent/],
  sharedDefault: [z.object({ a: z.array(z.object({ b: z.int() })).default([{ b: 1 }]) }), /share/],
  badDefault: [z.object({ a: z.int().default(1.5) }), /default that is not JSON or does not fit/],
  sharedCatch: [z.array(z.string()).catch([]), /share/],
  catchCallback: [z.string().catch(() => "x"), /function of the bad input/],
  overwrite: [z.number().overwrite(Math.round), /overwritten/],
  asyncRefine: [z.string().refine(async () => true), /asynchronous/],
  asyncFormat: [z.stringFormat("x", (async () => true) as never), /asynchronous/],
  deep: [
    (function nest(): z.ZodType {
      return z.lazy(() => z.array(nest()));
    })(),
    /nested deeper than 64/,
  ],
};

describe("the JSON-only check", () => {
  test.each(Object.entries(ALLOWED))("allows %s", (_name, schema) => {
    expect(() => assertJsonOnly("shop.get", "output", schema)).not.toThrow();
  });

  test.each(Object.entries(REFUSED))("refuses %s", (_name, [schema, word]) => {
    expect(() => assertJsonOnly("shop.get", "output", schema)).toThrow(ContractError);
    expect(() => assertJsonOnly("shop.get", "output", schema)).toThrow(word);
  });

  test("knows every schema class that zod exports", () => {
    const seen = new Set(
      [...Object.values(ALLOWED), ...Object.values(REFUSED).map(([schema]) => schema)].flatMap((schema) => [...reachable(schema)]),
    );
    const classes = Object.keys(z).filter((name) => /^Zod[A-Z]/.test(name) && !NOT_SCHEMAS.has(name));
    expect(classes.filter((name) => !seen.has(name))).toEqual([]);
  });

  test("refuses a type that it does not know", () => {
    const future = { _zod: { def: { type: "temporal" } } } as unknown as z.ZodType;
    expect(() => assertJsonOnly("shop.get", "output", future)).toThrow(/"temporal", which this version of holon does not know/);
  });

  test("names the procedure, the path inside the schema, and the cure", () => {
    const schema = z.object({ lines: z.array(z.object({ at: z.date().nullable() })), rates: z.record(z.string(), z.union([z.int(), z.bigint()])) });
    expect(() => assertJsonOnly("shop.orders.get", "output", schema)).toThrow(
      "shop.orders.get: output.lines[].at is a Date, which JSON turns into a string; use z.iso.datetime() and make the Date where it is read",
    );
    expect(() => assertJsonOnly("shop.get", "output", schema.omit({ lines: true }))).toThrow("output.rates{} is a bigint");
  });

  test("lets an input be absent as a whole, and nothing else", () => {
    expect(() => assertJsonOnly("shop.get", "input", z.object({}).optional())).not.toThrow();
    expect(() => assertJsonOnly("shop.get", "payload", z.object({}).optional())).toThrow(ContractError);
  });

  test("checks a schema again at each place where it is used", () => {
    const shared = z.string().optional();
    expect(() => assertJsonOnly("shop.get", "output", z.object({ a: shared, b: z.array(shared) }))).toThrow("output.b[] may be undefined");
  });
});

/** Exports with a class-like name that do not make a schema. */
const NOT_SCHEMAS = new Set([
  "ZodError",
  "ZodRealError",
  "ZodIssueCode",
  "ZodFirstPartyTypeKind",
  "ZodCompileAsyncError",
  "ZodCompileUnsupportedError",
]);

function reachable(schema: z.ZodType): ReadonlySet<string> {
  const names = new Set<string>();
  const open: unknown[] = [schema];
  const done = new Set<unknown>();
  while (open.length > 0) {
    const next = open.pop() as z.ZodType;
    if (done.has(next) || done.size > 200) continue;
    done.add(next);
    for (const trait of next._zod.traits) names.add(trait);
    const def = next._zod.def as unknown as Record<string, unknown>;
    const children = [
      next._zod && "innerType" in next._zod ? (next._zod as { innerType?: unknown }).innerType : undefined,
      def.innerType,
      def.element,
      def.in,
      def.out,
    ];
    const shape = (def.shape ?? {}) as Record<string, unknown>;
    open.push(...[...children, ...Object.values(shape)].filter((child) => child !== undefined));
  }
  return names;
}
