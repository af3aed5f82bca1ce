import { describe, expect, test } from "vitest";
import { z } from "zod";
import { contract, event } from "./contract.ts";
import { ContractError } from "./contract-error.ts";
import { createParser } from "./parser.ts";
import { mutation, query, subscription } from "./procedure.ts";

const tagged = (tag: string) => z.object({ kind: z.literal(tag), n: z.int() });
const twice = (): z.ZodType => z.discriminatedUnion("kind", [tagged("a"), tagged("a")]);
const untagged = (): z.ZodType => z.discriminatedUnion("kind", [tagged("a"), z.lazy(() => z.object({ n: z.int() })) as never]);

const PLACES: Record<string, (schema: z.ZodType) => unknown> = {
  input: (schema) => contract("shop", { procedures: { ask: query({ access: "public", input: schema }) } }),
  output: (schema) => contract("shop", { procedures: { tell: mutation({ access: "public", output: schema }) } }),
  item: (schema) => contract("shop", { procedures: { watch: subscription({ access: "public", output: schema }) } }),
  "details of an error": (schema) => contract("shop", { procedures: { ask: query({ access: "public", errors: { NO_WAY: schema } }) } }),
  "payload of an event": (schema) => contract("shop", { procedures: {}, events: { happened: event(z.object({ what: schema })) } }),
};

const WAYS: Record<string, (schema: z.ZodType) => z.ZodType> = {
  itself: (schema) => schema,
  "a member": (schema) => z.object({ a: z.array(schema) }),
  "a lazy schema": (schema) => z.object({ a: z.lazy(() => schema) }),
  "an option of another union": (schema) => z.union([z.string(), z.object({ a: schema })]),
};

describe.each(Object.entries(PLACES))("a discriminated union in the %s", (_place, declare) => {
  test.each(Object.entries(WAYS))("that zod refuses at its first parse is refused where it is declared, as %s", (_way, wrap) => {
    expect(() => declare(wrap(twice()))).toThrow(ContractError);
    expect(() => declare(wrap(twice()))).toThrow(/shop.* is a discriminated union that zod refuses \(Duplicate discriminator value "a"\); give each/);
    expect(() => declare(wrap(untagged()))).toThrow(/Invalid discriminated union option/);
  });

  test("that zod accepts is accepted, and its checks are not run", () => {
    const asked: unknown[] = [];
    const check = (value: unknown): boolean => {
      asked.push(value);
      throw new TypeError("never asked");
    };
    const options = [tagged("a").refine(check), tagged("b").refine(check)] as const;
    declare(z.discriminatedUnion("kind", options).refine(check));
    declare(z.discriminatedUnion("kind", options, { unionFallback: true }).refine(check));
    expect(asked).toEqual([]);
  });
});

test("a parser of a union that zod refuses is not made, as for the data of a job", () => {
  expect(() => createParser(z.object({ a: z.optional(twice()) }))).toThrow(ContractError);
});

test.each([
  ["a member that is not a schema", () => z.object({ a: undefined as never }), /input\.a is not a schema of zod; give one/],
  [
    "a lazy schema whose function throws",
    () =>
      z.object({
        a: z.lazy(() => {
          throw new TypeError("not yet");
        }),
      }),
    /input\.a is a lazy schema that cannot be made \(not yet\)/,
  ],
])("%s is refused with its path", (_what, make, said) => {
  expect(() => contract("shop", { procedures: { ask: query({ access: "public", input: make() }) } })).toThrow(said);
});
