import fc from "fast-check";
import { z } from "zod";

/** A schema of types that contracts allow, and values that it accepts. */
interface Sample {
  readonly schema: z.ZodType;
  readonly values: fc.Arbitrary<unknown>;
}

const text = fc.string({ maxLength: 5 });
const number = fc.oneof(fc.constant(-0), fc.constant(0), fc.double({ noNaN: true, noDefaultInfinity: true }));

const leaves: readonly Sample[] = [
  { schema: z.string(), values: text },
  { schema: z.string().trim().toUpperCase(), values: text },
  { schema: z.number(), values: number },
  { schema: z.number().min(1), values: fc.constant(2) },
  { schema: z.int(), values: fc.oneof(fc.constant(-0), fc.integer()) },
  { schema: z.boolean(), values: fc.boolean() },
  { schema: z.null(), values: fc.constant(null) },
  { schema: z.literal([0, "a", null, true]), values: fc.constantFrom(-0, "a", null, true) },
  { schema: z.enum(["a", "b"]), values: fc.constantFrom("a", "b") },
  { schema: z.json(), values: fc.jsonValue({ maxDepth: 3 }) },
  { schema: z.string().catch("caught"), values: fc.oneof(text, number) },
];

/** Schemas up to a depth, each with an arbitrary for its values. */
export function samples(depth: number): fc.Arbitrary<Sample> {
  const leaf = fc.constantFrom(...leaves);
  if (depth === 0) return leaf;
  const inner = samples(depth - 1);
  return fc.oneof(
    leaf,
    inner.map(toArray),
    inner.map(toNullable),
    inner.map(toRecord),
    inner.map(toLazy),
    fc.tuple(inner, inner).map(toTuple),
    fc.tuple(inner, inner).map(toUnion),
    fc.tuple(inner, inner, inner).map(toObject),
    fc.tuple(inner, inner).map(toTagged),
    fc.tuple(inner, inner).map(toIntersection),
  );
}

const toArray = ({ schema, values }: Sample): Sample => ({ schema: z.array(schema), values: fc.array(values, { maxLength: 4 }) });
const toNullable = ({ schema, values }: Sample): Sample => ({ schema: schema.nullable(), values: fc.option(values) });
const toLazy = ({ schema, values }: Sample): Sample => ({ schema: z.lazy(() => schema), values });
const toRecord = ({ schema, values }: Sample): Sample => ({
  schema: z.record(z.string(), schema),
  values: fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), values, { maxKeys: 3 }),
});
const toTuple = ([one, two]: [Sample, Sample]): Sample => ({
  schema: z.tuple([one.schema], two.schema),
  values: fc.tuple(one.values, fc.array(two.values, { maxLength: 2 })).map(([first, rest]) => [first, ...rest]),
});
const toUnion = ([one, two]: [Sample, Sample]): Sample => ({ schema: z.union([one.schema, two.schema]), values: fc.oneof(one.values, two.values) });

function toObject([one, two, three]: [Sample, Sample, Sample]): Sample {
  return {
    schema: z.object({
      "a-1": one.schema,
      b: two.schema.optional(),
      c: three.schema.nullish(),
      d: z.array(z.int()).default([]),
      __proto: z.number().optional(),
    }),
    values: fc.record(
      {
        "a-1": one.values,
        b: fc.option(two.values, { nil: undefined }),
        c: fc.option(three.values, { nil: undefined }),
        d: fc.constantFrom(undefined, [-0]),
        unknown: fc.constant({ x: 1 }),
      },
      { requiredKeys: ["a-1"] },
    ),
  };
}

function toTagged([one, two]: [Sample, Sample]): Sample {
  return {
    schema: z.discriminatedUnion("tag", [
      z.object({ tag: z.literal(["a", "b"]), v: one.schema.optional() }),
      z.object({ tag: z.literal(0), v: two.schema }),
    ]),
    values: fc.oneof(
      fc.record({ tag: fc.constantFrom("a", "b"), v: fc.option(one.values, { nil: undefined }) }, { requiredKeys: ["tag"] }),
      fc.record({ tag: fc.constantFrom(0, -0), v: two.values }),
    ),
  };
}

function toIntersection([one, two]: [Sample, Sample]): Sample {
  return {
    schema: z.intersection(z.object({ left: one.schema }), z.object({ right: two.schema.optional() })),
    values: fc.record({ left: one.values, right: fc.option(two.values, { nil: undefined }) }, { requiredKeys: ["left"] }),
  };
}
