import { describe, expect, test } from "vitest";
import { z } from "zod";
import { contract, event, walkProcedures } from "./contract.ts";
import { ContractError } from "./contract-error.ts";
import { type AnyProcedure, mutation, NOTHING, type ProcedureTree, query } from "./procedure.ts";

const ping = query({ access: "public" });
const withProcedures = (procedures: ProcedureTree) => () => contract("shop", { procedures });
const withProcedure = (procedure: AnyProcedure) => withProcedures({ get: procedure });

describe("a contract", () => {
  test("is plain data that names its procedures by path", () => {
    const shop = contract("shop", { procedures: { ping, products: { get: ping, stock: { reserve: mutation({ access: "internal" }) } } } });
    expect([...walkProcedures(shop.procedures)].map(([path, { type }]) => [path, type])).toEqual([
      ["ping", "query"],
      ["products.get", "query"],
      ["products.stock.reserve", "mutation"],
    ]);
    expect(shop).toMatchObject({ kind: "contract", name: "shop", events: {} });
  });

  test("may have groups and procedures that are named like parts of a procedure", () => {
    const tree = { kind: ping, type: { kind: { kind: ping } }, access: ping, procedure: { kind: ping }, input: { output: ping } };
    expect([...walkProcedures(tree)].map(([path]) => path)).toEqual(["kind", "type.kind.kind", "access", "procedure.kind", "input.output"]);
  });

  test("lets a procedure take and answer nothing", () => {
    expect(ping.input).toBe(NOTHING);
    expect(withProcedure(ping)).not.toThrow();
  });

  test.each(["Shop", "shop-front", "9shop", "", "a".repeat(32), "then", "constructor"])("refuses the name %j", (name) => {
    expect(() => contract(name, { procedures: {} })).toThrow(ContractError);
  });

  test.each([
    "then",
    "catch",
    "call",
    "apply",
    "bind",
    "query",
    "mutate",
    "subscribe",
    "constructor",
    "hasOwnProperty",
    "toString",
    "Get",
    "get_one",
    "9get",
    "",
    "a".repeat(64),
    "get one",
    "a.b",
  ])("refuses a procedure and a group called %j", (name) => {
    expect(withProcedures({ [name]: ping })).toThrow(ContractError);
    expect(withProcedures({ products: { [name]: { get: ping } } })).toThrow(ContractError);
  });

  test("refuses a member called __proto__", () => {
    expect(withProcedures(JSON.parse('{ "__proto__": {} }'))).toThrow(ContractError);
  });

  test.each([
    ["an input that JSON loses", query({ access: "public", input: z.object({ at: z.date() }) }), "shop.get: input.at is a Date"],
    ["an output that JSON loses", query({ access: "public", output: z.array(z.bigint()) }), "shop.get: output[] is a bigint"],
    ["details that JSON loses", query({ access: "public", errors: { GONE: z.object({ at: z.date() }) } }), "shop.get: errors.GONE.at is a Date"],
    ["an explicit undefined", query({ access: "public", output: z.undefined() }), "shop.get: output is undefined"],
    ["a code in lower case", query({ access: "public", errors: { gone: z.object({}) } }), 'error code "gone" is not UPPER_SNAKE_CASE'],
    ["a code of the toolkit", query({ access: "public", errors: { UNAVAILABLE: z.object({}) } }), 'error code "UNAVAILABLE" is the toolkit\'s own'],
    ["a status of no error", query({ access: "public", errors: { GONE: z.object({}) }, statuses: { GONE: 200 } }), 'status 200 of "GONE"'],
  ])("refuses %s", (_name, procedure, words) => {
    expect(withProcedure(procedure)).toThrow(words);
  });

  test("can declare details for the common refusals", () => {
    expect(withProcedure(query({ access: "public", errors: { CONFLICT: z.object({ version: z.int() }) } }))).not.toThrow();
  });

  test("refuses an event that JSON loses, that has a malformed name, or that is ordered by a name that is not a field", () => {
    const withEvent = (name: string, payload: z.ZodObject, orderedBy?: string) => () =>
      contract("shop", { procedures: {}, events: { [name]: event(payload, orderedBy === undefined ? {} : { orderedBy }) } });
    expect(withEvent("orderPlaced", z.object({ id: z.string() }), "id")).not.toThrow();
    expect(withEvent("orderPlaced", z.object({ at: z.date() }))).toThrow("shop event orderPlaced: payload.at is a Date");
    expect(withEvent("order-placed", z.object({}))).toThrow(ContractError);
    expect(withEvent("orderPlaced", z.object({ id: z.string() }), "toString")).toThrow("is not a field of the payload");
  });
});
