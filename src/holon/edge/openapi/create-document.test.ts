import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Contract, ContractError, contract, mutation, query, subscription } from "../../contract/index.ts";
import { createOpenApiDocument } from "./create-document.ts";

/** A nested member of the document; undefined if a key is missing. */
function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

const INFO = { title: "things", version: "1.2.3" };
const write = (...contracts: readonly Contract[]) => createOpenApiDocument(INFO, contracts);
const JSON_BODY = ["content", "application/json"] as const;
const PROBLEM_BODY = ["content", "application/problem+json", "schema"] as const;

const Thing = z.object({ id: z.uuid(), name: z.string(), version: z.int().min(1).max(1_000) }).meta({ id: "Thing" });
const access = "public" as const;

const things = contract("things", {
  description: "Things.",
  procedures: {
    get: query({
      access,
      input: z.object({ id: z.uuid(), verbose: z.boolean().optional(), tags: z.array(z.string()).describe("All of them.").default([]) }),
      output: Thing,
      rest: { route: "GET /things/{id}", cache: "public, max-age=60" },
      description: "One `thing`. Nobody sees more.",
      example: {
        input: { id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff" },
        output: { id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", name: "a", version: 1 },
      },
    }),
    create: mutation({
      access: "user",
      idempotent: true,
      input: z.object({ name: z.string(), size: z.int().default(1) }),
      output: Thing,
      errors: { TOO_MANY: z.object({ most: z.int() }) },
      rest: "POST /things",
      example: { input: { name: "a" } },
    }),
    rename: mutation({
      access: { role: "admin" },
      input: z.object({ id: z.uuid(), version: z.int(), name: z.string() }),
      output: Thing,
      errors: { CONFLICT: z.object({ version: z.int() }), TOO_MANY: z.object({ most: z.int() }) },
      rest: "PUT /things/{id}",
      deprecated: true,
    }),
    remove: mutation({ access, input: z.object({ id: z.uuid(), version: z.int() }), rest: "DELETE /things/{id}" }),
    ask: query({ access, output: z.string() }),
    watch: subscription({ access, output: z.string() }),
    hide: mutation({ access: "internal" }),
  },
});
const document = write(things);
const operation = (path: string, method: string) => at(document.paths, path, method);

describe("the document of contracts", () => {
  it("has what the outside can reach by REST, and nothing else", () => {
    expect(Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`))).toEqual([
      ...["get /things/{id}", "put /things/{id}", "delete /things/{id}", "post /things"],
    ]);
    expect(document).toMatchObject({ openapi: "3.1.1", info: INFO, tags: [{ name: "things", description: "Things." }] });
  });

  it("names an operation as tRPC does, and shows its first sentence in lists", () => {
    expect(operation("/things/{id}", "get")).toMatchObject({
      ...{ operationId: "things.get", tags: ["things"], summary: "One thing", description: "One `thing`. Nobody sees more." },
    });
    expect(operation("/things/{id}", "put")).toMatchObject({ operationId: "things.rename", deprecated: true });
  });

  it("puts members of the input in the places that the route names", () => {
    expect(at(operation("/things/{id}", "get"), "parameters")).toEqual([
      { name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" }, example: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff" },
      { name: "verbose", in: "query", schema: { type: "boolean" } },
      { name: "tags", in: "query", description: "All of them.", schema: { type: "array", items: { type: "string" }, default: [] } },
      { $ref: "#/components/parameters/IfNoneMatch" },
    ]);
    expect(at(operation("/things/{id}", "get"), "requestBody")).toBeUndefined();
    expect(at(operation("/things", "post"), "requestBody", ...JSON_BODY)).toEqual({
      schema: {
        type: "object",
        properties: { name: { type: "string" }, size: { type: "integer", format: "int64", default: 1 } },
        required: ["name"],
      },
      example: { name: "a" },
    });
  });

  it("asks for a version in the body or in If-Match", () => {
    expect(at(operation("/things/{id}", "put"), "parameters", "1")).toEqual({ $ref: "#/components/parameters/IfMatch" });
    expect(at(operation("/things/{id}", "put"), "requestBody", ...JSON_BODY, "schema", "required")).toEqual(["name"]);
    expect(at(operation("/things/{id}", "put"), "responses", "412")).toEqual({ $ref: "#/components/responses/PreconditionFailed" });
    expect(at(operation("/things", "post"), "responses", "412")).toBeUndefined();
    expect(at(operation("/things/{id}", "delete"), "parameters", "1")).toEqual({
      name: "version",
      in: "query",
      schema: { type: "integer", format: "int64" },
    });
  });

  it("takes a key for an idempotent mutation only", () => {
    expect(at(operation("/things", "post"), "parameters")).toEqual([{ $ref: "#/components/parameters/IdempotencyKey" }]);
    expect(JSON.stringify([operation("/things/{id}", "put"), operation("/things/{id}", "delete")])).not.toContain("Idempotency");
  });

  it("says what a success is and carries", () => {
    expect(at(operation("/things", "post"), "responses", "201")).toEqual({
      description: "Created",
      headers: { ETag: { $ref: "#/components/headers/ETag" }, Location: { $ref: "#/components/headers/Location" } },
      content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } },
    });
    expect(at(operation("/things/{id}", "get"), "responses", "200", "headers", "Cache-Control", "schema", "const")).toBe("public, max-age=60");
    expect(at(operation("/things/{id}", "get"), "responses", "200", ...JSON_BODY, "example")).toMatchObject({ name: "a" });
    expect(at(operation("/things/{id}", "put"), "responses", "200", "headers")).toBeUndefined();
    expect([at(operation("/things/{id}", "get"), "responses", "304"), at(operation("/things", "post"), "responses", "304")]).toEqual([
      { description: "The caller has this answer already." },
      undefined,
    ]);
    expect(at(operation("/things/{id}", "delete"), "responses", "204")).toEqual({ description: "No Content" });
  });

  it("says which users may call, and with which roles", () => {
    expect(at(operation("/things/{id}", "get"), "security")).toEqual([]);
    expect(at(operation("/things", "post"), "security")).toEqual([{ bearer: [] }]);
    expect(at(operation("/things/{id}", "put"), "security")).toEqual([{ bearer: ["admin"] }]);
    expect(at(operation("/things/{id}", "get"), "responses", "403")).toBeUndefined();
    expect(at(operation("/things/{id}", "put"), "responses", "403")).toEqual({ $ref: "#/components/responses/Forbidden" });
  });
});

describe("the errors of a document", () => {
  it("are typed by code and details, each in its place", () => {
    expect(at(document.components, "schemas", "TooManyProblem")).toEqual({
      allOf: [
        { $ref: "#/components/schemas/Problem" },
        {
          type: "object",
          properties: {
            code: { type: "string", const: "TOO_MANY" },
            status: { type: "integer", const: 422 },
            details: { type: "object", properties: { most: { type: "integer", format: "int64" } }, required: ["most"] },
          },
          required: ["code", "status"],
        },
      ],
    });
    expect(at(operation("/things", "post"), "responses", "422", ...PROBLEM_BODY)).toEqual({
      oneOf: [{ $ref: "#/components/schemas/TooManyProblem" }, { $ref: "#/components/schemas/KeyReusedProblem" }],
    });
  });

  it("of the catalogue are shared, unless a contract gives one of them details", () => {
    expect(at(operation("/things", "post"), "responses", "400")).toEqual({ $ref: "#/components/responses/BadRequest" });
    expect(at(document.components, "responses", "BadRequest", ...PROBLEM_BODY)).toEqual({ $ref: "#/components/schemas/BadRequestProblem" });
    expect(at(operation("/things/{id}", "put"), "responses", "409", ...PROBLEM_BODY, "oneOf")).toEqual([
      ...["ThingsRenameConflict", "KeyInFlight", "KeyUndone"].map((name) => ({ $ref: `#/components/schemas/${name}Problem` })),
    ]);
    expect(at(operation("/things", "post"), "responses", "409")).toEqual({ $ref: "#/components/responses/Conflict" });
    expect(at(document.components, "responses", "Conflict", ...PROBLEM_BODY, "oneOf")).toEqual([
      ...["Conflict", "KeyInFlight", "KeyUndone"].map((name) => ({ $ref: `#/components/schemas/${name}Problem` })),
    ]);
    expect(at(operation("/things", "post"), "responses", "default")).toEqual({ $ref: "#/components/responses/Fault" });
  });

  it("have the procedure's name if two declare one code differently, in any order", () => {
    const failing = (most: z.ZodType) => mutation({ access, errors: { TOO_MANY: z.object({ most }) } });
    const two = (names: readonly ["one" | "two", "one" | "two"]) =>
      contract("many", {
        procedures: Object.fromEntries(
          names.map((name) => [name, { ...failing(name === "one" ? z.int() : z.string()), rest: `POST /${name}` as const }]),
        ),
      });
    for (const order of [["one", "two"] as const, ["two", "one"] as const]) {
      const written = write(two(order));
      expect(at(written.components, "schemas")).toMatchObject({ ManyOneTooManyProblem: {}, ManyTwoTooManyProblem: {} });
      expect(at(written.components, "schemas", "TooManyProblem")).toBeUndefined();
    }
  });
});

describe("names of errors", () => {
  const failing = (errors: Readonly<Record<string, z.ZodType>>) =>
    contract("many", { procedures: { fail: mutation({ access, errors, rest: "POST /fail" }) } });

  it("that the document uses itself are given to its own", () => {
    const { schemas } = write(failing({ FAULT: z.object({ own: z.string() }) })).components as { readonly schemas: object };
    expect(at(schemas, "ManyFailFaultProblem", "allOf", "1", "properties", "code", "const")).toBe("FAULT");
    expect(at(schemas, "FaultProblem", "allOf", "1", "properties", "code", "enum")).toContain("INTERNAL");
  });

  it("that are spelt alike are refused", () => {
    expect(() => write(failing({ A_1: z.object({ own: z.string() }), A1: z.object({ own: z.int() }) }))).toThrow(/A1Problem/);
  });
});

describe("the schemas of a document", () => {
  const taking = (input: z.ZodType, output: z.ZodType) =>
    contract("taker", { procedures: { take: mutation({ access, input: z.object({ input }), output: z.object({ output }), rest: "POST /take" }) } });
  const schemasOf = (...contracts: readonly Contract[]) => at(write(...contracts).components, "schemas") as Readonly<Record<string, unknown>>;

  it("have two forms of one name if the input differs from the output, also in a part", () => {
    const Inner = z.object({ size: z.int().default(1) }).meta({ id: "Inner" });
    const Outer = z.object({ inner: Inner }).meta({ id: "Outer" });
    const schemas = schemasOf(taking(Outer, Outer));
    expect(at(schemas, "Outer", "properties", "inner")).toEqual({ $ref: "#/components/schemas/Inner" });
    expect(at(schemas, "OuterInput", "properties", "inner")).toEqual({ $ref: "#/components/schemas/InnerInput" });
    expect([at(schemas, "Inner", "required"), at(schemas, "InnerInput", "required")]).toEqual([["size"], undefined]);
  });

  it("have one form of one name if nothing differs, or if only one direction is used", () => {
    const Same = z.object({ size: z.int() }).meta({ id: "Same" });
    const Given = z.object({ size: z.int().default(1) }).meta({ id: "Given" });
    expect(Object.keys(schemasOf(taking(z.object({ same: Same, given: Given }), Same))).filter((name) => /^(Same|Given)/.test(name))).toEqual([
      ...["Given", "Same"],
    ]);
  });

  it("are named by their place if they contain themselves and have no name", () => {
    const Tree = z.object({
      get children() {
        return z.array(Tree);
      },
    });
    expect(at(schemasOf(taking(z.string(), Tree)), "TakerTakeOutput0", "properties", "children", "items")).toEqual({
      $ref: "#/components/schemas/TakerTakeOutput0",
    });
  });

  it("let answers grow, and close what the contract closes", () => {
    const schemas = schemasOf(
      taking(z.string(), z.object({ open: z.object({}).meta({ id: "Open" }), closed: z.strictObject({}).meta({ id: "Closed" }) })),
    );
    expect(at(schemas, "Open", "additionalProperties")).toBeUndefined();
    expect(at(schemas, "Closed", "additionalProperties")).toBe(false);
  });

  it("cannot share a name with another schema of the app or of the document", () => {
    const one = taking(z.string().meta({ id: "Same" }), z.string());
    const other = contract("other", { procedures: { take: mutation({ access, input: z.int().meta({ id: "Same" }), rest: "POST /other" }) } });
    expect(() => write(one, other)).toThrow(ContractError);
    expect(() => write(one, other)).toThrow(/other\.take input: the schema's id "Same".*taker\.take input.*rename one/);
    expect(() => write(taking(z.string().meta({ id: "Problem" }), z.string()))).toThrow(/"Problem"/);
    expect(() => write(taking(z.string().meta({ id: "no name" }), z.string()))).toThrow(/"no name" is not a valid name/);
  });
});
