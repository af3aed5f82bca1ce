import { describe, expect, test } from "vitest";
import { z } from "zod";
import { contract } from "./contract.ts";
import { ContractError } from "./contract-error.ts";
import { type AnyProcedure, mutation, type ProcedureTree, query, type RestOptions, subscription } from "./procedure.ts";
import type { RestLine } from "./rest-line.ts";
import { assertDistinctRoutes } from "./rest-route.ts";

const access = "public" as const;
const Id = z.object({ id: z.uuid() });
const Product = z.object({ id: z.uuid(), name: z.string(), version: z.int() });
const ofContract = (procedures: ProcedureTree) => contract("shop", { procedures }).routes;
const routeOf = (procedure: AnyProcedure) => ofContract({ it: procedure })[0];
const names = (fields: readonly { name: string }[] | undefined) => fields?.map(({ name }) => name);

describe("a REST route", () => {
  test("says where each member of the input comes from", () => {
    const input = z.object({ id: z.uuid(), version: z.int(), name: z.string() });
    expect(routeOf(mutation({ access, input, output: Product, rest: "PUT /products/{id}" }))).toEqual({
      ...{ procedure: "shop.it", method: "PUT", path: "/products/{id}", takesBody: true, status: 200 },
      pathFields: [{ name: "id", kinds: ["string"], isList: false }],
      queryFields: [],
      ...{ location: undefined, cache: undefined, answersVersion: true, takesVersion: true },
    });
    const remove = routeOf(mutation({ access, input, rest: "DELETE /products/{id}" }));
    expect(remove).toMatchObject({ takesBody: false, status: 204, answersVersion: false, takesVersion: true });
    expect(names(remove?.queryFields)).toEqual(["version", "name"]);
  });

  test("says which types a text of the URL may be read as", () => {
    const input = z.object({
      text: z.string().trim().pipe(z.email()).optional(),
      limit: z.int().min(1).default(20),
      flag: z.boolean().nullish(),
      sort: z.enum(["up", "down"]).catch("up"),
      mixed: z.union([z.literal(1), z.literal("a"), z.literal(true), z.null()]),
      tags: z.array(z.int()).optional(),
    });
    const kinds = routeOf(query({ access, input, rest: "GET /things" }))?.queryFields.map((field) => [field.name, field.kinds, field.isList]);
    expect(kinds).toEqual([
      ["text", ["string"], false],
      ["limit", ["number"], false],
      ["flag", ["boolean"], false],
      ["sort", ["string"], false],
      ["mixed", ["boolean", "number", "string"], false],
      ["tags", ["number"], true],
    ]);
  });

  test("takes a body if the path does not name all members of the input", () => {
    expect(routeOf(mutation({ access, input: Id, rest: "POST /products/{id}" }))?.takesBody).toBe(false);
    expect(routeOf(mutation({ access, rest: "POST /products" }))?.takesBody).toBe(false);
    expect(routeOf(mutation({ access, input: z.array(z.int()), rest: "POST /sums" }))?.takesBody).toBe(true);
  });

  test("answers 201 with a location if a GET of the contract returns the created resource", () => {
    const get = query({ access, input: Id, output: Product, rest: "GET /products/{id}" });
    const create = (output: z.ZodType, rest: RestLine | RestOptions) => ofContract({ create: mutation({ access, output, rest }), get })[0];
    expect(create(Product, "POST /products")).toMatchObject({ status: 201, location: "/products/{id}" });
    expect(create(Product, "POST /shops")).toMatchObject({ status: 201, location: "/products/{id}" });
    expect(create(Id, "POST /products")).toMatchObject({ status: 201, location: "/products/{id}" });
    expect(create(Id, "POST /shops")).toMatchObject({ status: 200, location: undefined });
    expect(create(z.object({ name: z.string() }), "POST /products")).toMatchObject({ status: 200, location: undefined });
    expect(create(Product, { route: "POST /products", status: 202 })).toMatchObject({ status: 202, location: undefined });
    expect(create(Product, { route: "POST /products", status: 200 })).toMatchObject({ status: 200, location: undefined });
    expect(create(Product, { route: "POST /products", status: 202, location: "/jobs/{id}" })).toMatchObject({ status: 202, location: "/jobs/{id}" });
  });

  test("answers 200 to a query by POST, which creates nothing", () => {
    const search = query({ access, input: z.object({ filter: z.object({ name: z.string() }) }), output: Product, rest: "POST /products" });
    const get = query({ access, input: Id, output: Product, rest: "GET /products/{id}" });
    expect(ofContract({ search, get })[0]).toMatchObject({ takesBody: true, status: 200, location: undefined });
  });

  test("is kept beside its contract, in the order of declaration", () => {
    const routes = ofContract({
      users: { list: query({ access, rest: "GET /users" }), hidden: query({ access }) },
      get: query({ access: { role: "admin" }, input: Id, rest: { route: "GET /users/{id}", cache: "private, max-age=5" } }),
    });
    expect(routes.map(({ procedure, cache }) => [procedure, cache])).toEqual([
      ["shop.users.list", undefined],
      ["shop.get", "private, max-age=5"],
    ]);
  });
});

describe("a contract refuses a route", () => {
  const line = (rest: string, type: typeof query = query, input?: z.ZodType) =>
    type({ access, ...(input === undefined ? {} : { input }), rest: rest as RestLine });
  const change = mutation as unknown as typeof query;
  const deep = z.object({ filter: z.object({ name: z.string() }) });

  test.each([
    ["without a method", line("/products"), "write it as in"],
    ["of another method", line("HEAD /products"), "write it as in"],
    ["in lower case", line("get /products"), "write it as in"],
    ["that ends in a slash", line("GET /products/"), 'the segment ""'],
    ["with a colon", line("GET /products/:id"), 'the segment ":id"'],
    ["with half a member in a segment", line("GET /products/p-{id}", query, Id), 'the segment "p-{id}"'],
    ["that climbs", line("GET /products/.."), 'the segment ".."'],
    ["with an encoded slash", line("GET /products/%2f"), 'the segment "%2f"'],
    ["of the root", line("GET /"), 'the segment ""'],
    ["that answers every path", line("GET /{id}", query, Id), "begin with a word"],
    ["below /trpc", line("GET /trpc/products"), "which the toolkit answers"],
    ["named openapi.json", line("GET /openapi.json"), "which the toolkit answers"],
    ["that names a member twice", line("GET /a/{id}/{id}", query, Id), "name each member once"],
    ["that names no member", line("GET /a/{name}", query, Id), "{name}, which is not a member of the input"],
    ["that names what all objects have", line("GET /a/{toString}", query, Id), "is not a member of the input"],
    ["that names a member which may be absent", line("GET /a/{id}", query, Id.partial()), "make it required"],
    ["that names a list", line("GET /a/{id}", query, z.object({ id: z.array(z.string()) })), "a path carries one of them"],
    ["of an input that no query string carries", line("GET /a", query, deep), "input.filter is neither text, number or boolean"],
    ["of an input that is not an object", line("DELETE /a", change, z.string()), "make the input an object"],
    ["that reads by PUT", line("PUT /a"), "use GET, or POST"],
    ["that changes by GET", line("GET /a", change), "use POST, PUT, PATCH or DELETE"],
    ["of an internal procedure", query({ access: "internal", rest: "GET /a" }), "it is internal"],
    ["of a subscription", subscription({ access, rest: "GET /a" }), "clients subscribe by tRPC"],
    ["with a status of a failure", query({ access, rest: { route: "GET /a", status: 404 } }), "not the status of a success"],
    ["with a body and 204", query({ access, output: Id, rest: { route: "GET /a", status: 204 } }), "leave out the status"],
    ["with 200 and nothing", query({ access, rest: { route: "GET /a", status: 200 } }), "use 204"],
    ["that caches what it changes", mutation({ access, rest: { route: "POST /a", cache: "no-store" } }), "rest.cache is for GET"],
    ["with a header in its cache", query({ access, rest: { route: "GET /a", cache: "no-store\r\nx: y" } }), "is not a Cache-Control"],
    ["that shows one's answer to all", query({ access: "user", rest: { route: "GET /a", cache: "max-age=60" } }), 'write "private'],
    ["with a place of no member", mutation({ access, output: Id, rest: { route: "POST /a", location: "/a/{name}" } }), "rest.location has {name}"],
  ])("%s", (_name, procedure, words) => {
    expect(() => routeOf(procedure)).toThrow(ContractError);
    expect(() => routeOf(procedure)).toThrow(words);
    expect(() => routeOf(procedure)).toThrow("shop.it: ");
  });

  test("that another procedure has, even if the members have other names", () => {
    const list = query({ access, input: z.object({ a: z.string() }), rest: "GET /things/{a}" });
    const get = query({ access, input: z.object({ b: z.string() }), rest: "GET /things/{b}" });
    expect(() => ofContract({ list, get })).toThrow("shop.get: its route GET /things/{b} is also that of shop.list");
    expect(() => assertDistinctRoutes([...ofContract({ list }), ...ofContract({ get })])).toThrow("give one of them another path");
  });
});

describe("an example", () => {
  test("is kept if it fits its schema, and refused if it does not", () => {
    const example = { input: { id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff" } };
    expect(contract("shop", { procedures: { get: query({ access, input: Id, example }) } }).procedures.get.example).toEqual(example);
    const bad = query({ access, input: Id, example: { input: { id: "7" } } });
    expect(() => contract("shop", { procedures: { get: bad } })).toThrow('shop.get: example.input does not fit its schema at "id"');
  });
});
