import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import type { EdgeUnderTest } from "../edge.testing.ts";
import { type RawAnswer, send, sendBytes } from "../http.testing.ts";
import { openRestEdge, ROW, sendJson } from "./rest.testing.ts";

let server: EdgeUnderTest;
beforeAll(async () => {
  server = await openRestEdge({ limits: { requestTimeoutMs: 300 } });
});
afterAll(() => server.close());

const entered = () => [...server.targets.values()].reduce((sum, target) => sum + target.scopes.length, 0);
const product = `/products/${ROW.id}`;

type Ask = (url: string) => Promise<RawAnswer>;
type Row = [name: string, ask: Ask, status: number, code: string, says?: string];

const get =
  (path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Ask =>
  (url) =>
    send(url, { method, path, headers });
const raw =
  (method: string, path: string, body: string, headers: Readonly<Record<string, string>> = { "content-type": "application/json" }): Ask =>
  (url) =>
    send(url, { method, path, headers, body });
const json =
  (method: string, path: string, body: unknown, headers?: Readonly<Record<string, string>>): Ask =>
  (url) =>
    sendJson(url, method, path, body, headers);

const transport: Row[] = [
  ["invalid JSON", raw("POST", "/products", '{"name":'), 400, "BAD_REQUEST"],
  ["a body over the limit", json("POST", "/any", "x".repeat(DEFAULT_LIMITS.bodyBytes)), 413, "PAYLOAD_TOO_LARGE", "bodyBytes"],
  ["a compressed body", raw("POST", "/any", "x", { "content-type": "application/json", "content-encoding": "gzip" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["a body without a content type", raw("POST", "/any", "{}", {}), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["no body and no content type where there is an input", raw("POST", "/any", "", {}), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["a form", raw("POST", "/any", "a=1", { "content-type": "application/x-www-form-urlencoded" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["a form where there is no input", raw("POST", "/touches", "", { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["multipart", raw("PATCH", product, "", { "content-type": "multipart/form-data; boundary=x" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["a body where there is no input", json("POST", "/touches", {}), 400, "BAD_REQUEST", "takes no body"],
  ["a body of a GET", json("GET", product, {}), 400, "BAD_REQUEST", "takes no body"],
  ["a body of a DELETE", json("DELETE", product, { version: 3 }), 400, "BAD_REQUEST", "takes no body"],
  ["another method", json("POST", product, {}), 405, "METHOD_NOT_SUPPORTED"],
  ["a method that nobody knows", get(product, {}, "PROPFIND"), 405, "METHOD_NOT_SUPPORTED"],
  ["an endless URL", get(`/texts/${"x".repeat(16 * 1024)}/1`), 413, "PAYLOAD_TOO_LARGE"],
  ["malformed encoding of a path", get("/texts/%zz/1"), 400, "BAD_REQUEST", '"path":"text"'],
  ["malformed encoding of a query", get("/products?text=%zz"), 400, "BAD_REQUEST"],
  ["malformed encoding beside all routes", get("/%zz"), 400, "BAD_REQUEST"],
  ...["/__proto__", "/constructor", "/..%2f", "/products%2f", "/Products", "/products/"].map(
    (path): Row => [`the path ${path}`, get(path), 404, "NOT_FOUND"],
  ),
];

const protocol: Row[] = [
  ["a malformed key", get("/who", { "idempotency-key": "%zz" }), 400, "BAD_REQUEST", "idempotency-key"],
  ["two keys", get("/who", { "idempotency-key": "a,b" }), 400, "BAD_REQUEST", "idempotency-key"],
  ["a deadline that is not a number", get("/who", { "holon-deadline-ms": "soon" }), 400, "BAD_REQUEST", "holon-deadline-ms"],
  ["a scalar twice", get("/products?limit=5&limit=6"), 400, "BAD_REQUEST", '"path":"limit"'],
  ["a member of the path in the query", get(`${product}?id=1`), 400, "BAD_REQUEST", '"path":"id"'],
  ["a member of the path in the body, with another value", json("PUT", product, { ...ROW, id: "7" }), 400, "BAD_REQUEST", '"path":"id"'],
  ["a body that is not an object beside a path", json("PUT", product, [1]), 400, "BAD_REQUEST", "not a JSON object"],
  ["a body of null beside a path", json("PATCH", product, null), 400, "BAD_REQUEST"],
];

const values: Row[] = [
  ["an unknown parameter of a strict object", get("/products?limit=5&admin=true"), 400, "BAD_REQUEST", "admin"],
  ["__proto__ in a query", get("/loose?__proto__=1"), 400, "BAD_REQUEST", "__proto__"],
  ["__proto__ in a body", raw("PATCH", product, '{"version":3,"__proto__":{"admin":true}}'), 400, "BAD_REQUEST", "__proto__"],
  ["NUL in a query", get("/products?text=a%00b"), 400, "BAD_REQUEST", "NUL"],
  ["NUL in a path", get("/texts/a%00b/1"), 400, "BAD_REQUEST", "NUL"],
  ["a limit of -1", get("/products?limit=-1"), 400, "BAD_REQUEST", "limit"],
  ["a limit of 1e9", get("/products?limit=1e9"), 400, "BAD_REQUEST", "limit"],
  ["a limit of 1e400", get("/products?limit=1e400"), 400, "BAD_REQUEST", "limit"],
  ["a fraction", get("/products?limit=1.5"), 400, "BAD_REQUEST", "limit"],
  ["numbers that JSON does not write", get("/products?limit=0x10"), 400, "BAD_REQUEST", "limit"],
  ["leading zeros", get("/products?limit=05"), 400, "BAD_REQUEST", "limit"],
  ["an empty number", get("/products?limit="), 400, "BAD_REQUEST", "limit"],
  ["a sort of no list", get("/products?sort=price;drop"), 400, "BAD_REQUEST", "sort"],
  ["an id of another form", get("/products/7"), 400, "BAD_REQUEST", "id"],
  ["depth 65", raw("POST", "/any", `${"[".repeat(65)}${"]".repeat(65)}`), 400, "BAD_REQUEST"],
  ["ten thousand parameters", get(`/products?${"x=&".repeat(5_000)}`), 400, "BAD_REQUEST"],
];

describe.each<[string, Row[]]>([
  ["transport", transport],
  ["protocol", protocol],
  ["values", values],
])("bad input by REST, %s", (_kind, rows) => {
  it.each(rows)("%s", async (_name, ask, status, code, says = "") => {
    const before = entered();
    const answer = await ask(server.url);
    expect({ status: answer.status, type: answer.headers["content-type"] }).toEqual({ status, type: "application/problem+json" });
    expect(answer.json).toMatchObject({ status, code });
    expect(answer.body).toContain(says);
    expect(Buffer.byteLength(answer.body)).toBeLessThanOrEqual(DEFAULT_LIMITS.errorBytes);
    expect(answer.body).not.toMatch(/stack|node_modules|\.ts\b|SyntaxError/);
    expect(entered()).toBe(before);
    expect((await send(server.url, { path: "/nothing" })).status).toBe(204);
  });
});

it("an error of any length fits into the greatest error body", async () => {
  const { status, body } = await send(server.url, { path: "/fail/wordy" });
  expect(status).toBe(422);
  expect(JSON.parse(body)).toMatchObject({ code: "WORDY", detail: "ä".repeat(300) });
});

it("a body that is refused is read to its end, so that the client gets to see why", async () => {
  const body = "x".repeat(4 * 1024 * 1024);
  const text = await sendBytes(
    server.url,
    `POST /any HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  expect(text).toMatch(/^HTTP\/1.1 415 /);
});
