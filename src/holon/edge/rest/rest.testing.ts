import { z } from "zod";
import { contract, mutation, query, type RestLine, walkProcedures } from "../../contract/index.ts";
import { catalogueError, HolonError } from "../../kernel/holon-error.ts";
import type { Scope } from "../../kernel/scope.ts";
import { type EdgeUnderTest, HandTarget, openEdge } from "../edge.testing.ts";
import type { CreateEdgeDeps } from "../edge.ts";
import { type RawAnswer, send } from "../http.testing.ts";

const access = "public" as const;
const Id = z.object({ id: z.uuid() });
const Product = z.object({ ...Id.shape, name: z.string(), stock: z.int(), version: z.int() });
const Edit = z.object({ ...Id.shape, version: z.int(), name: z.string() });

/** A query string with every kind of member. The procedure returns it. */
const Search = z.strictObject({
  text: z.string().optional(),
  limit: z.int().min(1).max(100).default(20),
  exact: z.boolean().optional(),
  sort: z.enum(["up", "down"]).optional(),
  tags: z.array(z.string()).optional(),
  sizes: z.array(z.number()).optional(),
});

const line = (rest: RestLine) => ({ access, rest });

/** What the tests call by REST. */
const shop = contract("shop", {
  procedures: {
    products: {
      get: query({ ...line("GET /products/{id}"), input: Id, output: Product }),
      create: mutation({ ...line("POST /products"), idempotent: true, input: z.object({ name: z.string() }), output: Product }),
      update: mutation({ ...line("PUT /products/{id}"), input: Edit, output: Product }),
      patch: mutation({ ...line("PATCH /products/{id}"), input: Edit.partial({ name: true }), output: Product }),
      remove: mutation({ ...line("DELETE /products/{id}"), input: Id.extend({ version: z.int() }) }),
      search: query({ ...line("GET /products"), input: Search, output: z.json() }),
    },
    say: {
      text: query({ ...line("GET /texts/{text}/{count}"), input: z.object({ text: z.string(), count: z.int() }), output: z.json() }),
      loose: query({ ...line("GET /loose"), input: z.object({ a: z.string().optional() }), output: z.json() }),
      any: mutation({ ...line("POST /any"), input: z.json(), output: z.json() }),
      nothing: query(line("GET /nothing")),
      null: query({ ...line("GET /null"), output: z.null() }),
      touch: mutation({ ...line("POST /touches"), output: z.string() }),
      who: query({ ...line("GET /who"), output: z.json() }),
      open: query({ access, rest: { route: "GET /open", cache: "public, max-age=60" }, output: z.array(z.int()) }),
      made: mutation({ access, rest: { route: "POST /made", status: 202, location: "/jobs/{name}" }, output: z.object({ name: z.string() }) }),
      large: query({ ...line("GET /large/{length}"), input: z.object({ length: z.int() }), output: z.string() }),
      gated: query({ ...line("GET /gates/{id}"), input: z.object({ id: z.string() }), output: z.string() }),
      hangs: query(line("GET /hangs")),
    },
    fail: {
      missing: query(line("GET /fail/missing")),
      soldOut: query({ ...line("GET /fail/sold-out"), errors: { SOLD_OUT: z.object({ available: z.int() }) } }),
      wordy: query({ ...line("GET /fail/wordy"), errors: { WORDY: z.object({ text: z.string() }) } }),
      broken: query(line("GET /fail/broken")),
      taken: mutation({ ...line("PUT /fail/taken/{id}"), input: Edit, output: Product }),
    },
    inside: { reserve: mutation({ access: "internal" }) },
  },
});

/** The row that the products of the tests return. */
export const ROW = { id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", name: "Sauce", stock: 76, version: 3 };

/** The stock of the product. A test changes it, and the version of the row stays the same. */
export const stock = { count: ROW.stock };

/** The answer of `POST /made`. A test changes its name, which is a part of the location. */
export const made = { name: "a/b c" };

type Handler = (input: never, scope: Scope) => unknown;
const said = (input: unknown): unknown => input;
const fail = (error: unknown) => (): never => {
  throw error;
};

function edited({ version, ...facts }: { readonly version: number }): unknown {
  if (version !== ROW.version) throw catalogueError("CONFLICT", "It changed.", { details: { version: ROW.version } });
  return { ...ROW, ...facts, version: version + 1 };
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  "products.get": ({ id }: typeof ROW) => ({ ...ROW, id, stock: stock.count }),
  "products.create": ({ name }: typeof ROW) => ({ ...ROW, name }),
  "products.update": edited,
  "products.patch": edited,
  "products.remove": (input: typeof ROW) => void edited(input),
  "products.search": said,
  "say.text": said,
  "say.loose": said,
  "say.any": said,
  "say.nothing": () => undefined,
  "say.null": () => null,
  "say.touch": () => "touched",
  "say.who": (_input, { principal, key, caller }) => ({ principal, key: key ?? null, caller }),
  "say.open": () => [1, 2],
  "say.made": () => ({ ...made }),
  "say.large": ({ length }: { readonly length: number }) => "ä".repeat(length),
  "say.hangs": () => new Promise(() => {}),
  "fail.missing": fail(catalogueError("NOT_FOUND", "no such thing")),
  "fail.soldOut": fail(new HolonError("SOLD_OUT", "sold out", { details: { available: 0 }, status: 409 })),
  "fail.wordy": fail(new HolonError("WORDY", "ä".repeat(1_000), { details: { text: "x".repeat(20_000) } })),
  "fail.broken": fail(new TypeError("select password from users -- at /srv/app/secret.ts")),
  "fail.taken": fail(catalogueError("CONFLICT", "The name is taken.", { details: { field: "name" } })),
  "inside.reserve": () => "reserved",
};

/** Opens an edge that answers {@link shop} by REST. */
export function openRestEdge(
  options: Partial<Omit<CreateEdgeDeps, "limits" | "targets">> & Parameters<typeof openEdge>[0] = {},
): Promise<EdgeUnderTest> {
  const gated: Handler = ({ id }: { readonly id: string }) => new Promise((resolve) => gates.set(id, () => resolve(id)));
  const more = [...walkProcedures(shop.procedures)].map(
    ([path, procedure]) => new HandTarget(`shop.${path}`, procedure, path === "say.gated" ? gated : (HANDLERS[path] as Handler)),
  );
  return openEdge({ more, restRoutes: shop.routes, ...options });
}

const gates = new Map<string, () => void>();

/** Resumes a call of `GET /gates/{id}`. Returns whether a call waited. */
export function openRestGate(id: string): boolean {
  gates.get(id)?.();
  return gates.delete(id);
}

/** Sends a body as JSON, also with methods for which Node's client would send no content length. */
export function sendJson(
  url: string,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const text = JSON.stringify(body) ?? "";
  const length = String(Buffer.byteLength(text));
  return send(url, { method, path, headers: { "content-type": "application/json", "content-length": length, ...headers }, body: text });
}
