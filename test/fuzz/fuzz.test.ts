import fc from "fast-check";
import { walkProcedures } from "holon/contract";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { contracts } from "#contracts";
import { ProductCursor } from "#contracts/catalog";
import { OrderCursor } from "#contracts/orders";
import { isUnicodeJson } from "../../src/holon/kernel/unicode-text.ts";
import { ADMIN, ALFKI, ANATR, startTestShop, type TestShop } from "../../src/shop/shop.testing.ts";
import { SEED, scaled } from "../faults/harness/scale.ts";
import { type KnownValues, spoiltValues, validValues } from "../subject/json-values.ts";
import { KeptErrors } from "../subject/kept-errors.ts";
import { callPublic, isReachable, type NamedProcedure, PUBLIC_WAYS, type PublicAnswer, type PublicWay } from "../subject/public-call.ts";

/** Every public procedure of the shop. */
const PROCEDURES: readonly NamedProcedure[] = Object.values(contracts).flatMap(({ name, procedures }) =>
  [...walkProcedures(procedures)]
    .filter(([, { access }]) => access !== "internal")
    .map(([path, procedure]) => ({ path: `${name}.${path}`, procedure })),
);

/** The codes that any procedure may answer. Other codes must be declared in its contract, so faults and defects are never allowed. */
const COMMON = ["OK", "BAD_REQUEST", "NOT_FOUND", "CONFLICT", "FORBIDDEN", "UNAUTHORIZED", "TOO_MANY_REQUESTS"];

/** Cursors that a user could make up if they know the format. Each has a valid position that no list has returned. */
const CURSORS = fc.oneof(
  drawn(z.object({ orderedOn: z.iso.date(), id: z.uuid(), page: z.int() })).map((place) => OrderCursor.write(place)),
  drawn(z.object({ sort: z.enum(["name_asc", "name_desc"]), key: z.string().max(100), id: z.uuid(), page: z.int() })).map((place) =>
    ProductCursor.write(place),
  ),
  drawn(z.object({ sort: z.enum(["price_asc", "price_desc"]), key: z.int(), id: z.uuid(), page: z.int() })).map((place) =>
    ProductCursor.write(place),
  ),
);

function drawn<Value>(schema: z.ZodType<Value>): fc.Arbitrary<Value> {
  return validValues(schema) as fc.Arbitrary<Value>;
}

const ERROR_BYTES = 16 * 1024;

/** Procedures that hash a password. A hash takes long on purpose, so these run a tenth of the counts. */
const HASHES = /\.sign(Up|In)$/;

const RUNS = scaled(200, 10);

describe.each(TOPOLOGIES.filter((topology) => topology !== "wire"))(
  `the shop, whatever input it is sent, %s, seed ${SEED}`,
  { timeout: 300_000 },
  (topology) => {
    const errors = new KeptErrors();
    let shop: TestShop;
    let known: KnownValues;
    const tokens = new Map<string, string>();

    beforeAll(async () => {
      shop = await startTestShop(topology, { log: errors, limits: { refusalRateCount: 10_000_000 } });
      for (const [id, role] of [
        [ADMIN, "admin"],
        [ALFKI, "user"],
      ] as const) {
        tokens.set(role, (await shop.tokens.issue({ kind: "user", id, roles: [role] })).token);
      }
      const { items } = await shop.asAnonymous().call.catalog.products.list({ limit: 5 });
      const orders = await Promise.all(
        items.map(({ id }) => shop.asUser(ALFKI, "user").call.orders.place({ lines: [{ productId: id, quantity: 1 }] })),
      );
      known = { texts: { cursor: CURSORS }, ids: [ALFKI, ANATR, ...items.map(({ id }) => id), ...orders.map(({ id }) => id)] };
    });
    afterAll(() => shop.close());

    const cases = PUBLIC_WAYS.flatMap((way) => PROCEDURES.filter((call) => isReachable(call, way)).map((call) => [way, call.path, call] as const));

    test.each(cases)("%s: %s answers what its contract says", async (way, path, call) => {
      const { input } = call.procedure as { readonly input: z.ZodType };
      const anything = fc.oneof(validValues(input, known), spoiltValues(input, known));
      const who = fc.constantFrom("admin", "admin", "user");
      const isFine = fc.asyncProperty(anything, who, async (value, role) => {
        const answer = await callPublic(shop.url, way, call, value, { authorization: `Bearer ${tokens.get(role)}` });
        expect(faultsOf(way, call, value, role, answer), `${answer.status} ${answer.text.slice(0, 500)}\n${errors.render()}`).toEqual([]);
      });
      await fc.assert(isFine, { seed: SEED, numRuns: HASHES.test(path) ? Math.ceil(RUNS / 10) : RUNS });
    });
  },
);

/** What is wrong with an answer. */
function faultsOf(way: PublicWay, { procedure }: NamedProcedure, value: unknown, role: string, answer: PublicAnswer): string[] {
  const { code, data, text } = answer;
  const { input, output, errors, access } = procedure as {
    readonly input: z.ZodType;
    readonly output: z.ZodType;
    readonly errors: Record<string, z.ZodType>;
    readonly access: unknown;
  };
  const mayCall = typeof access === "string" || role === "admin";
  const isValid = input.safeParse(jsonOf(value)).success;
  const isBad = code === "BAD_REQUEST";
  const checks: Readonly<Record<string, boolean>> = {
    "the code is one that the contract knows": COMMON.includes(code) || Object.hasOwn(errors, code),
    "an output fits the contract": code !== "OK" || procedure.type === "subscription" || output.safeParse(data).success,
    "details fit the contract": !Object.hasOwn(errors, code) || (errors[code] as z.ZodType).safeParse(data).success,
    "an error is short": code === "OK" || Buffer.byteLength(text) <= ERROR_BYTES,
    "what fits the contract is no BAD_REQUEST": !isValid || !isBad || isRefusedByTheEdge(way, procedure.type, value),
    // A URL contains only text, so by REST a "5" in place of a 5 is valid.
    "what does not fit the contract is a BAD_REQUEST": isValid || !mayCall || way === "rest" || isBad || code === "TOO_MANY_REQUESTS",
  };
  return Object.entries(checks).flatMap(([check, holds]) => (holds ? [] : [check]));
}

/** The value after JSON: absent and undefined are the same. */
function jsonOf(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : JSON.parse(text);
}

/**
 * Whether the edge refuses a value for a reason outside of any schema: forbidden characters, opaque cursors that only the server can make, and nulls
 * in a URL.
 */
function isRefusedByTheEdge(way: PublicWay, type: string, value: unknown): boolean {
  if (!isUnicodeJson(value)) return true;
  const text = JSON.stringify(value) ?? "";
  return /\\u0000|"__proto__":|"(lastEventId|cursor)":/.test(text) || (way === "rest" && type === "query" && text.includes("null"));
}
