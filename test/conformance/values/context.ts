import { inspect } from "node:util";
import { type ContextModule, defineContext } from "holon";
import { contract, mutation, query } from "holon/contract";
import { z } from "zod";
import { byRest } from "../app/contracts/by-rest.ts";
import { SCHEMAS, type SchemaRow } from "./schemas.ts";

const rows = Object.entries(SCHEMAS);
const both = rows.filter(([, { inputOnly }]) => inputOnly !== true);

/** A contract that takes a value of every schema and says what it got, and returns a sample of every schema. */
export const values = contract("values", {
  procedures: byRest(
    "values",
    {
      take: Object.fromEntries(rows.map(([name, { schema }]) => [name, query({ access: "public", input: schema, output: z.string() })])),
      put: Object.fromEntries(rows.map(([name, { schema }]) => [name, mutation({ access: "public", input: schema, output: z.string() })])),
      give: Object.fromEntries(both.map(([name, { schema }]) => [name, query({ access: "public", input: z.int(), output: schema })])),
      // Each call is a POST: a query string cannot distinguish null from a text, or nothing from an empty object. A body can, and so can tRPC's inputs.
    },
    "POST",
  ),
});

/** Writes a value as text, with differences that JSON loses: absent and undefined, 0 and -0, prototypes. */
export function spell(value: unknown): string {
  return inspect(value, {
    depth: Number.POSITIVE_INFINITY,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: null,
    maxStringLength: null,
    compact: true,
  });
}

/** The context that implements {@link values}. */
export function createValuesModule(): ContextModule {
  const take = Object.fromEntries(rows.map(([name]) => [name, ({ input }: { readonly input: unknown }) => spell(input)]));
  const give = Object.fromEntries(both.map(([name, row]) => [name, ({ input }: { readonly input: unknown }) => sampleOf(row, input as number)]));
  return defineContext(values).implement({ procedures: { take, give, put: take } });
}

function sampleOf({ samples }: SchemaRow, index: number): unknown {
  return samples[index]?.value;
}
