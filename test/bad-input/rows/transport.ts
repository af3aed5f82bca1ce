import { gzipSync } from "node:zlib";
import { body, JSON_TYPE, type Place, type Row, written } from "../row.ts";

const JSON_PLACE: Place = { trpc: "probe.json", rest: "/probe/json" };
const GOOD = JSON.stringify({ value: 1 });
/** 50 MB of JSON in 50 kB. */
const BOMB = gzipSync(Buffer.from(`{"value":"${"0".repeat(50_000_000)}"}`));

const typed = (name: string, type: string, text: string | Buffer = GOOD): Row =>
  body(name, JSON_PLACE, text, 415, "UNSUPPORTED_MEDIA_TYPE", { headers: { "content-type": type } });

const ODD_PATHS = ["__proto__", "constructor", "toString", "..%2f..%2fetc%2fpasswd", "%2e%2e%2fetc%2fpasswd", "catalog%00", "catalog/products/list"];

/** Faults that are found before the procedure is known. */
export const TRANSPORT: readonly Row[] = [
  body("invalid JSON", JSON_PLACE, '{"value":', 400, "BAD_REQUEST"),
  body("JSON with a byte order mark in the middle", JSON_PLACE, `{"value":\ufeff1}`, 400, "BAD_REQUEST"),
  body("a body that is no UTF-8", JSON_PLACE, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, "BAD_REQUEST", { says: "UTF-8" }),
  ...[0xe9, 0xe8].map((byte) =>
    body(
      `a text of ten bytes 0x${byte.toString(16)}`,
      JSON_PLACE,
      Buffer.from(`{"value":"${String.fromCharCode(byte).repeat(10)}"}`, "latin1"),
      ...([400, "BAD_REQUEST", { says: "UTF-8" }] as const),
    ),
  ),
  body("no body where an input is needed", JSON_PLACE, "", 400, "BAD_REQUEST"),
  body("a body over the limit", JSON_PLACE, JSON.stringify({ value: "x".repeat(1_100_000) }), 413, "PAYLOAD_TOO_LARGE", { says: "bodyBytes" }),
  body("a compressed body", JSON_PLACE, gzipSync(GOOD), 415, "UNSUPPORTED_MEDIA_TYPE", { headers: { ...JSON_TYPE, "content-encoding": "gzip" } }),
  body("a compressed bomb", JSON_PLACE, BOMB, 415, "UNSUPPORTED_MEDIA_TYPE", { headers: { ...JSON_TYPE, "content-encoding": "gzip" } }),
  body("no content type", JSON_PLACE, GOOD, 415, "UNSUPPORTED_MEDIA_TYPE", { headers: {} }),
  typed("an odd content type", "application/jsonx"),
  typed("a content type of 22 KB, near to a good one", `application/json${" ".repeat(22_000)}x`),
  typed("another charset", "application/json; charset=utf-16"),
  typed("plain text, as a form of another site can send it", "text/plain"),
  typed("a form", "application/x-www-form-urlencoded", "value=1"),
  typed("multipart", "multipart/form-data; boundary=x", '--x\r\ncontent-disposition: form-data; name="value"\r\n\r\n1\r\n--x--'),
  typed("an octet stream", "application/octet-stream"),
  written(
    "GET on a mutation",
    { trpc: { path: `/trpc/probe.json?input=${encodeURIComponent(GOOD)}` }, rest: { path: "/probe/json" } },
    405,
    "METHOD_NOT_SUPPORTED",
  ),
  written(
    "POST on a query",
    { trpc: { method: "POST", path: "/trpc/probe.who", body: "{}" }, rest: { method: "POST", path: "/probe/who", body: "{}" } },
    405,
    "METHOD_NOT_SUPPORTED",
    { headers: JSON_TYPE },
  ),
  written(
    "PUT where nothing is put",
    { trpc: { method: "PUT", path: "/trpc/probe.json", body: GOOD }, rest: { method: "PUT", path: "/probe/json", body: GOOD } },
    405,
    "METHOD_NOT_SUPPORTED",
    { headers: JSON_TYPE },
  ),
  written(
    "a URL that is too long",
    { trpc: { path: `/trpc/probe.who?input=${"x".repeat(20_000)}` }, rest: { path: `/products?search=${"x".repeat(20_000)}` } },
    413,
    "PAYLOAD_TOO_LARGE",
  ),
  ...ODD_PATHS.map((path) => written(`the path ${path}`, { trpc: { path: `/trpc/${path}` }, rest: { path: `/${path}` } }, 404, "NOT_FOUND")),
  written(
    "an escape in the query that is not UTF-8",
    { trpc: { path: "/trpc/catalog.products.list?input=%7B%22search%22%3A%22%E9%22%7D" }, rest: { path: "/products?search=%E9" } },
    ...([400, "BAD_REQUEST", { says: "UTF-8" }] as const),
  ),
  written(
    "an escape in the path that is not UTF-8",
    { trpc: { path: "/trpc/catalog.%E9" }, rest: { path: "/products/%E9" } },
    ...([400, "BAD_REQUEST", { says: "UTF-8" }] as const),
  ),
  written("a malformed escape in the path", { trpc: { path: "/trpc/catalog%zz" }, rest: { path: "/%zz" } }, 400, "BAD_REQUEST"),
];
