import { body, JSON_TYPE, type Place, type Row, written } from "../row.ts";

const JSON_PLACE: Place = { trpc: "probe.json", rest: "/probe/json" };
const GOOD = JSON.stringify({ value: 1 });
const LINES = JSON.stringify({ lines: [{ productId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", quantity: 1 }] });
const batchOf = (paths: readonly string[]): string => `/trpc/${paths.join(",")}?batch=1&input=%7B%7D`;
const headed = (name: string, headers: Readonly<Record<string, string>>, says: string): Row =>
  body(name, JSON_PLACE, GOOD, 400, "BAD_REQUEST", { says, headers: { ...JSON_TYPE, ...headers } });

/** Requests for something that does not exist, or that break the protocol. */
export const PROTOCOL: readonly Row[] = [
  written("an unknown procedure", { trpc: { path: "/trpc/catalog.nothing" }, rest: { path: "/nothing" } }, 404, "NOT_FOUND"),
  written("a group of procedures", { trpc: { path: "/trpc/catalog.products" }, rest: { path: "/catalog/products" } }, 404, "NOT_FOUND"),
  written(
    "an internal procedure",
    {
      trpc: { method: "POST", path: "/trpc/catalog.stock.release", body: "{}" },
      rest: { method: "POST", path: "/catalog/stock/release", body: "{}" },
    },
    404,
    "NOT_FOUND",
    { as: "admin", headers: JSON_TYPE },
  ),
  written("an empty segment of a procedure's path", { trpc: { path: "/trpc/catalog..list" } }, 400, "BAD_REQUEST"),
  written("an empty segment of a route", { rest: { path: "/products//" } }, 404, "NOT_FOUND"),
  written("a batch of 21", { trpc: { path: batchOf(Array(21).fill("probe.who")) } }, 400, "BAD_REQUEST", { says: "batchCount" }),
  written("a batch with an empty call", { trpc: { path: batchOf(["probe.who", "", "probe.who"]) } }, 400, "BAD_REQUEST"),
  written("a batch whose inputs are no object", { trpc: { method: "POST", path: "/trpc/probe.json?batch=1", body: "7" } }, 400, "BAD_REQUEST", {
    headers: JSON_TYPE,
  }),
  headed("a deadline that is not a number", { "holon-deadline-ms": "soon" }, "holon-deadline-ms"),
  headed("a negative deadline", { "holon-deadline-ms": "-1" }, "holon-deadline-ms"),
  headed("a key that is too long", { "idempotency-key": "x".repeat(201) }, "idempotency-key"),
  headed("a key with a control character", { "idempotency-key": "a%00b" }, "idempotency-key"),
  headed("a key that is not UTF-8", { "idempotency-key": "%E9" }, "idempotency-key"),
  headed("a key of Latin-1", { "idempotency-key": "\u00e9" }, "idempotency-key"),
  headed("a malformed key", { "idempotency-key": "%zz" }, "idempotency-key"),
  headed("more keys than calls", { "idempotency-key": "a,b" }, "idempotency-key"),
  headed("a key where none is kept", { "idempotency-key": "a" }, "idempotency key"),
  body("a key of two calls for one", { trpc: "orders.place", rest: "/orders" }, LINES, 400, "BAD_REQUEST", {
    headers: { ...JSON_TYPE, "idempotency-key": "a,a" },
  }),
];
