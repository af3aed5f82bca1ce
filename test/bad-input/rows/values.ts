import { contracts } from "#contracts";
import { body, call, type Facts, type Place, type Row } from "../row.ts";

const at = (name: string): Place => ({ trpc: `probe.${name}`, rest: `/probe/${name}` });
const value = (name: string, procedure: string, text: string, says = ""): Row => body(name, at(procedure), text, 400, "BAD_REQUEST", { says });
const nested = (depth: number): string => `${'{"value":'.repeat(depth)}1${"}".repeat(depth)}`;

/** Items that match no member of a union: 10 kB of them once caused an answer of 12 MB. */
const unionBomb = (length: number): string => JSON.stringify({ shapes: Array.from({ length }, () => ({ kind: "x" })) });

/** Values that are wrong for every procedure. */
const ANYWHERE: readonly Row[] = [
  value("a __proto__ key", "json", '{"value":{"__proto__":{"admin":true}}}', "__proto__"),
  value("an escaped __proto__ key", "json", '{"value":{"\\u005f_proto__":1}}', "__proto__"),
  value("constructor.prototype", "json", '{"value":{"constructor":{"prototype":{"admin":true}}}}', "constructor"),
  value("65 levels", "json", nested(65), "value"),
  value("100 000 levels", "json", nested(100_000)),
  value("a megabyte of brackets", "json", `{"value":[${Array(100_000).fill("[[]]").join()}]}`),
  value("100 000 members", "json", JSON.stringify({ value: Object.fromEntries(Array.from({ length: 70_000 }, (_, n) => [`key${n}`, [0]])) })),
  value("an array of 10 001", "json", JSON.stringify({ value: Array(10_001).fill(0) }), "value"),
  value("a text over the limit", "json", JSON.stringify({ value: "ä".repeat(131_073) }), "value"),
  value("a NUL in a text", "json", '{"value":"a\\u0000b"}', "value"),
  value("a NUL in a key", "json", '{"value":{"a\\u0000b":1}}', "value"),
  ...["\\ud83d", "\\ude00", "\\ude00\\ud83d"].flatMap((half) => [
    value(`the lone surrogates ${half} in a text`, "json", `{"value":["a${half}"]}`, "value.0"),
    value(`the lone surrogates ${half} in a key`, "json", `{"value":{"${half}":1}}`, "value"),
  ]),
  value("a union bomb", "shapes", unionBomb(500), "shapes"),
  value("a union bomb that is small enough for all of its issues to be found", "shapes", unionBomb(300), "shapes"),
  value("unknown keys of a strict object", "strict", '{"name":"a","amount":1,"admin":true}', "admin"),
  value(
    "5 000 unknown keys of a strict object",
    "strict",
    JSON.stringify({ name: "a", amount: 1, ...Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`key${n}`, n])) }),
  ),
  value("a number that is infinite", "numbers", '{"any":1e400}', "any"),
  value("NaN", "numbers", '{"any":NaN}'),
  value("a fraction for an int", "numbers", '{"whole":1.5}', "whole"),
  value("an int that is not exact", "numbers", '{"whole":9007199254740993}', "whole"),
  value("a number as text", "numbers", '{"whole":"5"}', "whole"),
  value("a day that does not exist", "numbers", '{"day":"2025-02-29"}', "day"),
  value("null for an object", "strict", "null"),
  value("a list for an object", "strict", "[]"),
];

const { place, placeFor, list: listOrders, changeStatus } = contracts.orders.procedures;
const { get: getProduct, list: listProducts, create: createProduct } = contracts.catalog.procedures.products;
const { signUp } = contracts.users.procedures;
const ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
const line = { productId: ID, quantity: 1 };
const product = { name: "Thing", category: "Beverages", quantityPerUnit: "1", priceCents: 1, discontinued: false };
const account = { email: "bad.input@example.test", password: "12345678", name: "Ada" };

const placing = (name: string, lines: unknown, says: string): Row =>
  call(`an order of ${name}`, "orders.place", place, { lines }, 400, "BAD_REQUEST", { says });
const quantity = (text: string): Row =>
  body(
    `an order of ${text} pieces`,
    { trpc: "orders.place", rest: "/orders" },
    `{"lines":[{"productId":"${ID}","quantity":${text}}]}`,
    400,
    "BAD_REQUEST",
    {
      says: "quantity",
    },
  );
const listing = (field: string, bad: unknown): Row =>
  call(`products with ${field} ${String(bad).slice(0, 40)}`, "catalog.products.list", listProducts, { [field]: bad }, 400, "BAD_REQUEST", {
    says: field,
  });
const selling = (field: string, bad: unknown, name = String(bad)): Row =>
  call(`a product with ${field} ${name}`, "catalog.products.create", createProduct, { ...product, [field]: bad }, 400, "BAD_REQUEST", {
    ...{ as: "admin", says: field },
  });
const signing = (field: string, bad: unknown, name: string): Row =>
  call(`an account with ${name}`, "users.signUp", signUp, { ...account, [field]: bad }, 400, "BAD_REQUEST", { as: "nobody", says: field });
const placingOn = (orderedOn: string): Row =>
  call(`an order on ${orderedOn || "no day"}`, "orders.placeFor", placeFor, { customerId: ID, orderedOn, lines: [line] }, 400, "BAD_REQUEST", {
    ...{ as: "admin", says: "orderedOn" },
  });

/** Values that are wrong for the shop. */
const SHOP: readonly Row[] = [
  ...["0", "-1", "10001", "1e400", "1.5", "1e9", "null", '"1"'].map(quantity),
  placing("nothing", [], "lines"),
  placing(
    "101 things",
    Array.from({ length: 101 }, (_, n) => ({ ...line, productId: ID.slice(0, -3) + String(n).padStart(3, "0") })),
    "lines",
  ),
  placing("one thing twice", [line, line], "lines"),
  placing("what has no id", [{ ...line, productId: "1 or 1=1" }], "productId"),
  placing("no lines at all", undefined, "lines"),
  ...["1996-02-30", "yesterday", "1996-7-4", "0000-01-01", ""].map(placingOn),
  ...["x", `${"0".repeat(16)}e30`, "x".repeat(2_001)].map((cursor) => listing("cursor", cursor)),
  call("orders behind a malformed cursor", "orders.list", listOrders, { cursor: `${"0".repeat(16)}e30` }, 400, "BAD_REQUEST", { says: "cursor" }),
  call("orders from a month that does not exist", "orders.list", listOrders, { from: "1996-13-01" }, 400, "BAD_REQUEST", { says: "from" }),
  call("a status that cannot be set", "orders.changeStatus", changeStatus, { id: ID, version: 1, status: "cancelled" }, 400, "BAD_REQUEST", {
    ...{ as: "admin", says: "status" },
  }),
  call("a version below 1", "orders.changeStatus", changeStatus, { id: ID, version: 0, status: "shipped" }, 400, "BAD_REQUEST", {
    ...{ as: "admin", says: "version" },
  }),
  ...[-1, 0, 101, 1e9, 1.5].map((limit) => listing("limit", limit)),
  ...[-1, 0, 1e9].map((page) => listing("page", page)),
  listing("sort", "price_cents; drop table products"),
  listing("minPriceCents", -1),
  listing("search", " "),
  listing("search", "x".repeat(101)),
  call("an id that is a path", "catalog.products.get", getProduct, { id: "../etc/passwd" }, 400, "BAD_REQUEST", { says: "id" }),
  ...[0, -1, 10_000_001, 1.5].map((priceCents) => selling("priceCents", priceCents)),
  ...[-1, 1_000_001].map((stock) => selling("stock", stock)),
  selling("name", "a\u0000b", "with a NUL"),
  selling("name", "   ", "of nothing but space"),
  signing("email", "nobody", "a text that is not an e-mail address"),
  signing("email", `${"a".repeat(260)}@b.test`, "an e-mail address that is too long"),
  signing("password", "1234567", "a password that is too short"),
  signing("password", "x".repeat(129), "a password that is too long"),
  signing("name", { $ne: null }, "an operator for a name"),
  call("an e-mail address that is taken", "users.signUp", signUp, ({ email }: Facts) => ({ ...account, email }), 409, "CONFLICT", {
    ...{ as: "nobody", says: '"email"', entered: 1 },
  }),
  call(
    "another spelling of an e-mail address that is taken",
    "users.signUp",
    signUp,
    ({ email }: Facts) => ({ ...account, email: `  ${email.toUpperCase()} ` }),
    409,
    "CONFLICT",
    { as: "nobody", says: '"email"', entered: 1 },
  ),
];

/** Values of the wrong kind, size or range. */
export const VALUES: readonly Row[] = [...ANYWHERE, ...SHOP];
