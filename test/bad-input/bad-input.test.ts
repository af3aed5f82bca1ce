import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorld, type World } from "../conformance/world.ts";
import { type RawRequest, sendRaw } from "./request.ts";

/** A bad request, and the answer that it gets in every topology. */
interface Row extends RawRequest {
  readonly name: string;
  readonly status: number;
  readonly code: string;
}

const JSON_TYPE = { "content-type": "application/json" };
const GOOD = JSON.stringify({ tag: "bad input" });
const ACT = "/trpc/beta.access.public.act";

const post = (
  name: string,
  path: string,
  body: string | Buffer,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = JSON_TYPE,
): Row => ({ name, path, body, status, code, headers });
const get = (name: string, path: string, status: number, code: string, headers: Readonly<Record<string, string>> = {}): Row => ({
  name,
  path,
  status,
  code,
  headers,
  method: "GET",
});
const value = (name: string, schema: string, body: string): Row => post(name, `/trpc/values.put.${schema}`, body, 400, "BAD_REQUEST");
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

const TRANSPORT: readonly Row[] = [
  post("invalid JSON", ACT, '{"tag":', 400, "BAD_REQUEST"),
  post("JSON with a byte order mark in the middle", ACT, `{"tag":\ufeff"x"}`, 400, "BAD_REQUEST"),
  post("a body that is no UTF-8", ACT, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, "BAD_REQUEST"),
  post("a body over the limit", ACT, JSON.stringify({ tag: "x".repeat(1_100_000) }), 413, "PAYLOAD_TOO_LARGE"),
  post("a compressed body", ACT, GOOD, 415, "UNSUPPORTED_MEDIA_TYPE", { ...JSON_TYPE, "content-encoding": "gzip" }),
  post("no content type", ACT, GOOD, 415, "UNSUPPORTED_MEDIA_TYPE", {}),
  post("plain text, as a form of another site can send it", ACT, GOOD, 415, "UNSUPPORTED_MEDIA_TYPE", { "content-type": "text/plain" }),
  post("a form", ACT, "tag=x", 415, "UNSUPPORTED_MEDIA_TYPE", { "content-type": "application/x-www-form-urlencoded" }),
  post("multipart", ACT, "--x--", 415, "UNSUPPORTED_MEDIA_TYPE", { "content-type": "multipart/form-data; boundary=x" }),
  post("an octet stream", ACT, GOOD, 415, "UNSUPPORTED_MEDIA_TYPE", { "content-type": "application/octet-stream" }),
  get("GET on a mutation", `${ACT}?input=${encodeURIComponent(GOOD)}`, 405, "METHOD_NOT_SUPPORTED"),
  post("POST on a query", "/trpc/beta.access.public.ask", GOOD, 405, "METHOD_NOT_SUPPORTED"),
  { ...post("PUT", ACT, GOOD, 405, "METHOD_NOT_SUPPORTED"), method: "PUT" },
  get("a URL that is too long", `/trpc/beta.access.public.ask?input=${"x".repeat(20_000)}`, 413, "PAYLOAD_TOO_LARGE"),
];

const PROTOCOL: readonly Row[] = [
  get("an unknown procedure", "/trpc/beta.nothing", 404, "NOT_FOUND"),
  get("a group", "/trpc/beta.access", 404, "NOT_FOUND"),
  get("an internal procedure", `/trpc/beta.access.internal.ask?input=${encodeURIComponent(GOOD)}`, 404, "NOT_FOUND"),
  get("__proto__", "/trpc/__proto__", 404, "NOT_FOUND"),
  get("a member of every object", "/trpc/beta.constructor", 404, "NOT_FOUND"),
  get("a path upwards", "/trpc/..%2f..%2fetc%2fpasswd", 404, "NOT_FOUND"),
  get("a NUL in the path", "/trpc/beta%00", 404, "NOT_FOUND"),
  get("an empty segment", "/trpc/beta..access", 400, "BAD_REQUEST"),
  get("a malformed escape in the path", "/trpc/beta%zz", 400, "BAD_REQUEST"),
  get("a batch of 21", `/trpc/${Array.from({ length: 21 }, () => "beta.load.double").join(",")}?batch=1&input=%7B%7D`, 400, "BAD_REQUEST"),
  post("a batch whose inputs are no object", `${ACT}?batch=1`, "7", 400, "BAD_REQUEST"),
  post("a deadline that is no number", ACT, GOOD, 400, "BAD_REQUEST", { ...JSON_TYPE, "holon-deadline-ms": "soon" }),
  post("a negative deadline", ACT, GOOD, 400, "BAD_REQUEST", { ...JSON_TYPE, "holon-deadline-ms": "-1" }),
  post("a key that is too long", ACT, GOOD, 400, "BAD_REQUEST", { ...JSON_TYPE, "idempotency-key": "x".repeat(201) }),
  post("more keys than calls", ACT, GOOD, 400, "BAD_REQUEST", { ...JSON_TYPE, "idempotency-key": "a,b" }),
];

const VALUES: readonly Row[] = [
  value("a __proto__ key", "anyJson", '{"__proto__":{"admin":true}}'),
  value("constructor.prototype", "anyJson", '{"constructor":{"prototype":{"admin":true}}}'),
  value("65 levels", "anyJson", nested(65)),
  value("100 000 levels", "anyJson", nested(100_000)),
  value("an array of 10 001", "list", JSON.stringify(Array.from({ length: 10_001 }, () => 1))),
  value("a text over the limit", "text", JSON.stringify("x".repeat(262_145))),
  value("a NUL in a text", "text", '"a\\u0000b"'),
  value("a number that is infinite", "number", "1e400"),
  value("a fraction for an int", "int", "1.5"),
  value("an int that is not exact", "int", "9007199254740993"),
  value("a day that is none", "day", '"2025-02-29"'),
  value("unknown keys of a strict object", "strictObject", '{"id":"a","admin":true}'),
  value(
    "5 000 unknown keys of a strict object",
    "strictObject",
    JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`key${n}`, n]))),
  ),
  value("an array of 10 000 wrong items", "longList", JSON.stringify(Array.from({ length: 10_000 }, () => "x"))),
  value("null for everything", "nested", "null"),
];

const IDENTITY: readonly Row[] = [
  post("nobody, where a user is needed", "/trpc/beta.access.user.act", GOOD, 401, "UNAUTHORIZED"),
  post("a user without the role", "/trpc/beta.access.admin.act", GOOD, 403, "FORBIDDEN", { ...JSON_TYPE, authorization: "user ada" }),
  post("a token that cannot be read", ACT, GOOD, 401, "UNAUTHORIZED", { ...JSON_TYPE, authorization: "Bearer x.y.z" }),
  post("headers of the mesh, forged", "/trpc/beta.access.admin.act", GOOD, 401, "UNAUTHORIZED", {
    ...JSON_TYPE,
    "holon-principal": '{"kind":"system"}',
    "holon-caller": "alpha",
  }),
];

/** Marks of what is nobody's business outside: SQL, stacks, paths of files, passwords. */
const INSIDE = ["select ", "insert ", "    at ", "/work/", "node_modules", "s3cret"];

describe.each(TOPOLOGIES)("%s", (topology) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(topology);
  });
  afterAll(() => world.close());

  describe.each([
    ["transport", TRANSPORT],
    ["protocol", PROTOCOL],
    ["values", VALUES],
    ["identity", IDENTITY],
  ] as const)("%s", (_kind, rows) => {
    for (const row of rows) {
      it(`${row.name} is ${row.status} ${row.code}, in short, and the next request is fine`, async () => {
        const answer = await sendRaw(world.app.url, row);
        expect({ status: answer.status, code: codeOf(answer.text) }).toEqual({ status: row.status, code: row.code });
        expect(Buffer.byteLength(answer.text)).toBeLessThanOrEqual(16 * 1024);
        expect(INSIDE.filter((mark) => answer.text.includes(mark))).toEqual([]);
        expect(world.probe.notes("bad input")).toEqual([]);
        expect(await world.edge().query("beta.load.double", { n: 1 })).toEqual({ n: 2 });
      });
    }
  });
});

function codeOf(text: string): unknown {
  const answer = JSON.parse(text) as { readonly error?: { readonly data?: { readonly code?: string } } };
  return answer.error?.data?.code;
}
