import type { WrittenRequest } from "../subject/public-call.ts";

/** A text of the greatest length that its place accepts, in a shape on which a pattern or a loop may backtrack many times. */
export interface LongText {
  readonly name: string;
  readonly request: WrittenRequest;
}

/** The length of a header's value in bytes. The head of a request may have 24 KB, and some of it is for the request line and for usual headers. */
const HEADER_LENGTH = 23_500;

/** The longest URL that the server reads; a longer one is refused without being read. */
const URL_LENGTH = 16_000;

/** The longest string of a JSON body. */
export const STRING_LENGTH = 256 * 1024;

/** The length of a body just below the limit. */
const BODY_LENGTH = 1_048_000;

/** The repeated parts: single characters, and parts of the marks that delimit lists, pairs, quotes, numbers and escapes. */
const FILLS = [
  ...[" ", "\t", "a", "0", "1", ".", ",", ";", "=", "&", "/", "+", "-", "_", '"', "'", "\\", "%41", "%", "{", "[", "(", ":", "@", "<", "*", "?", "#"],
  ...[
    " ;",
    "; ",
    ", ",
    ",a",
    ";a=",
    'a="',
    '\\"',
    ';a="',
    "a=b&",
    "a&",
    "=&",
    "a.",
    "a/",
    "/.",
    "../",
    "//",
    'W/"',
    '"1",',
    '"1-',
    "1.",
    "-1",
    "W/",
    "::",
  ],
  ...["a@", "a.a@", "a-", "=?", "%2", "eyJa.", "Bearer ", "token=", "://", "http://", "1,", "q=1,", "for=", "Failed query: "],
];

/** The headers that a program reads, each with beginnings after which the reader continues. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  "content-type": ["", "application/json", "application/json;", "application/json; charset=", 'application/json; charset="utf-8"', "application/"],
  "content-encoding": ["", "identity"],
  accept: ["", "text/event-stream", "application/jsonl,"],
  "accept-encoding": ["", "gzip;q="],
  "trpc-accept": [""],
  authorization: ["", "Bearer ", "Bearer eyJ", "Basic "],
  cookie: ["", "session=", "shop-refresh="],
  "if-match": ["", '"', '"1', "*"],
  "if-none-match": ["", 'W/"', "*"],
  "if-modified-since": [""],
  range: ["bytes=", "bytes=0-"],
  "idempotency-key": [""],
  traceparent: ["", "00-"],
  tracestate: [""],
  "x-forwarded-for": ["", "127.0.0.1,", "::"],
  "x-forwarded-proto": ["", "https,"],
  "x-forwarded-host": [""],
  forwarded: [""],
  host: ["", "localhost:"],
  origin: ["", "http://", "https://a"],
  referer: [""],
  "user-agent": [""],
  "sec-fetch-site": [""],
  "last-event-id": ["", "1."],
  "holon-deadline-ms": ["", "1"],
  "x-request-id": [""],
  "access-control-request-method": [""],
  upgrade: [""],
  "content-length": [""],
};

const JSON_TYPE = { "content-type": "application/json" };

/** Requests with a body. The headers that describe a body are read only for them. */
const WITH_BODY: readonly WrittenRequest[] = [
  { method: "POST", path: "/trpc/probe.json", headers: JSON_TYPE, body: '{"value":1}' },
  { method: "POST", path: "/probe/json", headers: JSON_TYPE, body: '{"value":1}' },
  { method: "POST", path: "/auth/sign-in", headers: JSON_TYPE, body: "{}" },
];

/** One request for each reader of the other headers: tRPC, REST with and without a version, cookies and files. */
const OTHERS: readonly WrittenRequest[] = [
  { method: "GET", path: "/trpc/probe.who", headers: {} },
  { method: "GET", path: "/categories", headers: {} },
  { method: "PATCH", path: "/products/1", headers: JSON_TYPE, body: "{}" },
  { method: "POST", path: "/auth/refresh", headers: JSON_TYPE, body: "{}" },
  { method: "GET", path: "/shop/", headers: {} },
];

/** Beginnings to which a long path or query is appended. */
const URLS = [
  ...["/", "/trpc/", "/trpc/probe.", "/products/", "/shop/", "/docs/", "/docs/assets/", "/trpc/probe.who?", "/trpc/probe.who?input="],
  ...[
    "/trpc/probe.who?input=%22",
    "/trpc/probe.who?connectionParams=",
    "/categories?",
    "/products?",
    "/products?search=",
    "/products?search=a&",
    "/openapi.json?",
    "/shop/?",
  ],
];

/** Beginnings of a body, and the ends that close it. */
const BODIES: readonly (readonly [before: string, after: string])[] = [
  ["", ""],
  ["[", "]"],
  ['{"value":', "}"],
  ['{"value":"', '"}'],
];

const times = (fill: string, length: number): string => fill.repeat(Math.ceil(length / fill.length)).slice(0, length);

const printable = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}..` : text);

/** A text of a given length in every shape, alone and as a near miss. */
export function* shapes(length: number): Iterable<{ readonly name: string; readonly text: string }> {
  for (const fill of FILLS) {
    for (const [before, after] of NEAR_MISSES) {
      yield {
        name: `${before}, many ${JSON.stringify(fill)}, ${after}`,
        text: `${before}${times(fill, length - before.length - after.length)}${after}`,
      };
    }
  }
}

/** A beginning and an end of a text: the reader gets to the end, fails there, and backtracks. */
const NEAR_MISSES: readonly (readonly [before: string, after: string])[] = [
  ["", ""],
  ["", "\0"],
  ["a@a.", "!"],
  ["http://a", " "],
  ["2024-01-01T00:00:00.", "x"],
  ["P1Y", "x"],
  ["/a?", "x"],
  ["eyJ", "."],
  ["password: ", '"'],
  ["1", "e"],
];

/** Every header in every shape, with every request whose headers are read. */
export function* longHeaders(): Iterable<LongText> {
  for (const [header, beginnings] of Object.entries(HEADERS)) {
    for (const beginning of beginnings) {
      for (const fill of FILLS) {
        // The `x` at the end makes the value a near miss, and keeps white space before it: Node removes white space at the end of a header.
        const value = `${beginning}${times(fill, HEADER_LENGTH - beginning.length)}x`;
        const name = `${header}: ${printable(beginning)} and many ${JSON.stringify(fill)}`;
        for (const place of header.startsWith("content-") ? WITH_BODY : OTHERS) {
          yield { name: `${name}, ${place.method} ${place.path}`, request: { ...place, headers: { ...place.headers, [header]: value } } };
        }
      }
    }
  }
}

/** Every path and query in every shape. */
export function* longUrls(): Iterable<LongText> {
  for (const beginning of URLS) {
    for (const fill of FILLS.filter((each) => !/[\s#"\\<{[]/.test(each))) {
      for (const length of [URL_LENGTH, HEADER_LENGTH]) {
        const path = `${beginning}${times(fill, length - beginning.length)}x`;
        yield { name: `${length} characters of URL: ${beginning} and many ${JSON.stringify(fill)}`, request: { method: "GET", path, headers: {} } };
      }
    }
  }
}

/** Every body in every shape. */
export function* longBodies(): Iterable<LongText> {
  for (const path of ["/trpc/probe.json", "/probe/json", "/auth/sign-in"]) {
    for (const [before, after] of BODIES) {
      for (const fill of FILLS) {
        const length = before.endsWith('"') ? STRING_LENGTH - 2 : BODY_LENGTH;
        const text = `${before}${times(fill, length)}${after}`;
        yield {
          name: `POST ${path}: ${before} and many ${JSON.stringify(fill)}`,
          request: { method: "POST", path, headers: JSON_TYPE, body: text },
        };
      }
    }
  }
}
