import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isHolonError } from "../kernel/holon-error.ts";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { type EdgeUnderTest, openEdge } from "./edge.testing.ts";
import { get, post, type RawAnswer, send, sendBytes } from "./http.testing.ts";

let server: EdgeUnderTest;
beforeAll(async () => {
  server = await openEdge({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 300 } });
});
afterAll(() => server.close());

const entered = () => [...server.targets.values()].reduce((sum, target) => sum + target.scopes.length, 0);
const json = { "content-type": "application/json" };
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const batchOf = (count: number, path = "catalog.get") => `${Array(count).fill(path).join(",")}?batch=1`;

type Row = [name: string, ask: (url: string) => Promise<RawAnswer>, status: number, code: string, says?: string];

const transport: Row[] = [
  ["invalid JSON in a body", (url) => post(url, "catalog.rename", '{"name":'), 400, "BAD_REQUEST"],
  ["invalid JSON in a URL", (url) => send(url, { path: "/trpc/catalog.get?input={" }), 400, "BAD_REQUEST"],
  ["malformed percent-encoding of a path", (url) => send(url, { path: "/trpc/catalog.%zz" }), 400, "BAD_REQUEST"],
  ["malformed percent-encoding of an input", (url) => send(url, { path: "/trpc/catalog.get?input=%zz" }), 400, "BAD_REQUEST"],
  ["a body over the limit", (url) => post(url, "catalog.any", `"${"x".repeat(DEFAULT_LIMITS.bodyBytes)}"`), 413, "PAYLOAD_TOO_LARGE", "bodyBytes"],
  [
    "a chunked body over the limit",
    (url) => post(url, "catalog.any", `"${"x".repeat(DEFAULT_LIMITS.bodyBytes)}"`, { "transfer-encoding": "chunked" }),
    413,
    "PAYLOAD_TOO_LARGE",
  ],
  ["a compressed body", (url) => post(url, "catalog.any", "x", { "content-encoding": "gzip" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["a missing content type", (url) => send(url, { method: "POST", path: "/trpc/catalog.touch", body: "{}" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["a missing content type and no body", (url) => send(url, { method: "POST", path: "/trpc/catalog.touch" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["an odd content type", (url) => post(url, "catalog.touch", "", { "content-type": "application/jsonx" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["another charset", (url) => post(url, "catalog.touch", "", { "content-type": "application/json; charset=utf-16" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["plain text, which forms can send", (url) => post(url, "catalog.touch", "", { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["multipart", (url) => post(url, "catalog.touch", "", { "content-type": "multipart/form-data; boundary=x" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["an octet stream", (url) => post(url, "catalog.touch", "", { "content-type": "application/octet-stream" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ["GET on a mutation", (url) => get(url, "catalog.touch"), 405, "METHOD_NOT_SUPPORTED"],
  ["POST on a query", (url) => post(url, "catalog.nothing", ""), 405, "METHOD_NOT_SUPPORTED"],
  ["POST on a subscription", (url) => post(url, "catalog.prices", '{"count":1}'), 405, "METHOD_NOT_SUPPORTED"],
  ["PUT", (url) => send(url, { method: "PUT", path: "/trpc/catalog.get", headers: json }), 405, "METHOD_NOT_SUPPORTED"],
  [
    "a preflight that nobody allowed",
    (url) =>
      send(url, {
        method: "OPTIONS",
        path: "/trpc/catalog.touch",
        headers: { origin: "https://evil.test", "access-control-request-method": "POST" },
      }),
    405,
    "METHOD_NOT_SUPPORTED",
  ],
  ...["__proto__", "constructor", "..%2f", "%00", "catalog.__proto__", "toString", "catalog/get", "%2e%2e%2fetc%2fpasswd"].map(
    (path): Row => [`the path ${path}`, (url) => get(url, path), 404, "NOT_FOUND"],
  ),
  ["an endless URL", (url) => get(url, "catalog.get", { id: "x".repeat(16 * 1024) }), 413, "PAYLOAD_TOO_LARGE"],
];

const protocol: Row[] = [
  ["a batch of 21", (url) => get(url, batchOf(21), {}), 400, "BAD_REQUEST", "batchCount"],
  ["a streamed batch of 21", (url) => get(url, batchOf(21), {}, { "trpc-accept": "application/jsonl" }), 400, "BAD_REQUEST"],
  ["an unknown procedure", (url) => get(url, "catalog.nope"), 404, "NOT_FOUND"],
  ["an internal procedure", (url) => post(url, "catalog.reserve", ""), 404, "NOT_FOUND"],
  ["no path", (url) => get(url, ""), 400, "BAD_REQUEST"],
  ["an empty call in a batch", (url) => get(url, "catalog.nothing,,catalog.nothing?batch=1"), 400, "BAD_REQUEST"],
  ["an empty segment", (url) => get(url, "catalog..get"), 400, "BAD_REQUEST"],
  ["a batch input that is not an object", (url) => post(url, "catalog.touch?batch=1", "[1]"), 400, "BAD_REQUEST"],
  ["streaming without a batch", (url) => get(url, "catalog.nothing", undefined, { "trpc-accept": "application/jsonl" }), 400, "BAD_REQUEST"],
  [
    "a key over 200 characters",
    (url) => post(url, "catalog.touch", "", { "idempotency-key": "k".repeat(201) }),
    400,
    "BAD_REQUEST",
    "idempotency-key",
  ],
  ["a key with a control character", (url) => post(url, "catalog.touch", "", { "idempotency-key": "a%00b" }), 400, "BAD_REQUEST", "idempotency-key"],
  ["a malformed key", (url) => post(url, "catalog.touch", "", { "idempotency-key": "%zz" }), 400, "BAD_REQUEST", "idempotency-key"],
  ["two keys for one call", (url) => post(url, "catalog.touch", "", { "idempotency-key": "a,b" }), 400, "BAD_REQUEST", "idempotency-key"],
  [
    "a deadline that is not a number",
    (url) => get(url, "catalog.nothing", undefined, { "holon-deadline-ms": "soon" }),
    400,
    "BAD_REQUEST",
    "holon-deadline-ms",
  ],
  ["a negative deadline", (url) => get(url, "catalog.nothing", undefined, { "holon-deadline-ms": "-1" }), 400, "BAD_REQUEST", "holon-deadline-ms"],
  ["connection parameters that are no object", (url) => get(url, "catalog.nothing?connectionParams=[1]"), 400, "BAD_REQUEST", "connectionParams"],
];

const values: Row[] = [
  ["__proto__ keys", (url) => post(url, "catalog.any", '{"a":[{"__proto__":{"admin":true}}]}'), 400, "BAD_REQUEST", "a.0.__proto__"],
  ["escaped __proto__ keys", (url) => post(url, "catalog.any", '{"\\u005f_proto__":1}'), 400, "BAD_REQUEST", "__proto__"],
  ["constructor.prototype keys", (url) => post(url, "catalog.any", '{"constructor":{"prototype":{}}}'), 400, "BAD_REQUEST", "constructor"],
  ["depth 65", (url) => post(url, "catalog.any", nested(65)), 400, "BAD_REQUEST", "0.0.0"],
  ["depth of the whole body", (url) => post(url, "catalog.any", nested(500_000)), 400, "BAD_REQUEST"],
  ["an array of 10 001", (url) => post(url, "catalog.any", `{"list":[${Array(10_001).fill(0).join()}]}`), 400, "BAD_REQUEST", "list"],
  ["a string over the limit", (url) => post(url, "catalog.any", `{"text":"${"ä".repeat(128 * 1024 + 1)}"}`), 400, "BAD_REQUEST", "text"],
  [
    "a megabyte of brackets",
    (url) =>
      post(
        url,
        "catalog.any",
        `[${Array(40)
          .fill(`[${Array(8_000).fill("[]").join()}]`)
          .join()}]`,
      ),
    400,
    "BAD_REQUEST",
    "100000 values",
  ],
  ["NUL in text", (url) => post(url, "catalog.any", '{"text":"a\\u0000b"}'), 400, "BAD_REQUEST", "text"],
  ["NUL in a key", (url) => post(url, "catalog.any", '{"a\\u0000b":1}'), 400, "BAD_REQUEST", "ab"],
  ["unknown keys of a strict object", (url) => post(url, "catalog.strict", '{"amount":1,"admin":true}'), 400, "BAD_REQUEST"],
  ["1e400", (url) => post(url, "catalog.strict", '{"amount":1e400}'), 400, "BAD_REQUEST", "amount"],
  ["NaN", (url) => post(url, "catalog.strict", '{"amount":NaN}'), 400, "BAD_REQUEST"],
  ["a fraction for an int", (url) => post(url, "catalog.strict", '{"amount":1.5}'), 400, "BAD_REQUEST", "amount"],
  ["a number over the safe integers", (url) => post(url, "catalog.strict", '{"amount":9007199254740993}'), 400, "BAD_REQUEST", "amount"],
  ["no input where one is needed", (url) => post(url, "catalog.strict", ""), 400, "BAD_REQUEST"],
  ["bad values in a URL", (url) => get(url, "catalog.get", { id: "a\0b" }), 400, "BAD_REQUEST", "id"],
];

describe.each<[string, Row[]]>([
  ["transport", transport],
  ["protocol", protocol],
  ["values", values],
])("bad input of the %s", (_kind, rows) => {
  it.each(rows)("%s", async (_name, ask, status, code, says = "") => {
    const before = entered();
    const answer = await ask(server.url);
    expect({ status: answer.status, type: answer.headers["content-type"]?.split(";", 1)[0] }).toEqual({ status, type: "application/json" });
    expect(answer.json).toMatchObject({ error: { data: { code, httpStatus: status } } });
    expect(answer.body).toContain(says);
    expect(Buffer.byteLength(answer.body)).toBeLessThanOrEqual(DEFAULT_LIMITS.errorBytes);
    expect(answer.body).not.toMatch(/stack|node_modules|\.ts\b|SyntaxError/);
    expect(entered()).toBe(before);
    expect((await get(server.url, "catalog.nothing")).body).toBe('{"result":{}}');
  });
});

describe("what the limits still allow", () => {
  it.each([
    ["depth 64", nested(64)],
    ["an array of 10 000", `[${Array(10_000).fill(0).join()}]`],
    ["a string of 256 KiB", `"${"ä".repeat(128 * 1024)}"`],
    ["a key called constructor", '{"constructor":{"name":"x"}}'],
  ])("%s passes", async (_name, body) => {
    expect((await post(server.url, "catalog.any", body)).status).toBe(200);
  });

  it("a batch of 20 passes, one bad of five leaves four answered", async () => {
    expect((await get(server.url, batchOf(20, "catalog.nothing"))).status).toBe(200);
    const five = await post(server.url, batchOf(5, "catalog.any"), `{"0":1,"1":2,"2":${nested(65)},"3":4,"4":5}`);
    expect(five.status).toBe(207);
    expect((five.json as { error?: unknown }[]).map(({ error }) => error === undefined)).toEqual([true, true, false, true, true]);
  });
});

describe("what is no HTTP request", () => {
  it.each([
    [
      "a never-ending body",
      "POST /trpc/catalog.any HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{",
      "408",
      "REQUEST_TIMEOUT",
    ],
    ["never-ending headers", "GET /trpc/catalog.get HTTP/1.1\r\nhost: x\r\n", "408", "REQUEST_TIMEOUT"],
    ["garbage", "\x16\x03\x01\x02\x00\r\n\r\n", "400", "BAD_REQUEST"],
    ["two lengths", "POST /trpc/x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "400", "BAD_REQUEST"],
    ["headers over the limit", `GET / HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(32 * 1024)}\r\n\r\n`, "431", "PAYLOAD_TOO_LARGE"],
  ])("%s is answered and cut off", async (_name, bytes, status, code) => {
    const text = await sendBytes(server.url, bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(text.slice(text.indexOf("\r\n\r\n")))).toMatchObject({ error: { data: { code } } });
  });
});

describe("what would be too much", () => {
  it("is refused by its announced size, before any of it has come", async () => {
    const text = await sendBytes(
      server.url,
      "POST /trpc/catalog.any HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2000000\r\n\r\n",
      "}}}",
    );
    expect(text).toMatch(/^HTTP\/1.1 413 /);
  });

  it("is read to its end after the refusal, so that the client gets to see it", async () => {
    const body = "x".repeat(16 * 1024 * 1024);
    const text = await sendBytes(
      server.url,
      `POST /trpc/catalog.any HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(text).toMatch(/^HTTP\/1.1 415 /);
  });

  it("is cut off while its headers come, without waiting for the whole request's time", async () => {
    const patient = await openEdge({ limits: { headersTimeoutMs: 200 } });
    const text = await sendBytes(patient.url, "GET /trpc/catalog.get HTTP/1.1\r\nhost: x\r\n");
    await patient.close();
    expect(text).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe("what is thrown inside", () => {
  it("an undeclared error leaves an id and nothing else, and is logged whole", async () => {
    const { status, body, json: answer } = await get(server.url, "catalog.broken");
    const { errorId } = (answer as { error: { data: { details: { errorId: string } } } }).error.data.details;
    expect(status).toBe(500);
    expect(body).not.toMatch(/select|password|secret\.ts|TypeError/);
    const line = server.log.lines.find(({ level, fields }) => level === "error" && fields.errorId === errorId);
    expect(line?.fields.err).toMatchObject({ message: expect.stringContaining("select password") });
  });

  it("a declared error and one of the catalogue pass with their data", async () => {
    expect((await post(server.url, "catalog.soldOut", "")).json).toEqual({
      error: {
        message: "sold out",
        code: -32022,
        data: { code: "OUT_OF_STOCK", httpStatus: 422, path: "catalog.soldOut", details: { available: 0 } },
      },
    });
    expect((await get(server.url, "catalog.missing", { id: "x" })).json).toEqual({
      error: { message: "no such product", code: -32004, data: { code: "NOT_FOUND", httpStatus: 404, path: "catalog.missing" } },
    });
  });

  it("an internal procedure and an unknown one get the same answer but for the name", async () => {
    const answers = await Promise.all([post(server.url, "catalog.reserve", "x"), post(server.url, "catalog.unknown", "x")]);
    const [internal, unknown] = answers.map(({ status, body, headers }) => ({
      status,
      body: body.replace(/reserve|unknown/g, "_"),
      names: Object.keys(headers),
    }));
    expect(internal).toEqual(unknown);
  });
});

describe("who a request is made for", () => {
  it("refuses every call of a request whose token is bad", async () => {
    const guarded = await openEdge({
      authenticate: async () => {
        throw new TypeError("JWT expired: eyJ...");
      },
    });
    const { status, json: answer, body } = await get(guarded.url, "catalog.nothing,catalog.nothing?batch=1");
    await guarded.close();
    expect(status).toBe(401);
    expect(answer).toMatchObject([
      { error: { data: { code: "UNAUTHORIZED", path: "catalog.nothing" } } },
      { error: { data: { code: "UNAUTHORIZED" } } },
    ]);
    expect(body).not.toContain("JWT");
  });

  it("accepts no caller as a system", async () => {
    const guarded = await openEdge({ authenticate: () => ({ kind: "system", context: "orders", task: "forged" }) });
    const { status } = await get(guarded.url, "catalog.whoami");
    await guarded.close();
    expect({ status, entered: guarded.targets.get("catalog.whoami")?.scopes.length }).toEqual({ status: 500, entered: 0 });
  });

  it("hides internal headers and ignores a forged X-Forwarded-For", async () => {
    const seen: unknown[] = [];
    const guarded = await openEdge({
      authenticate: (request) => {
        seen.push([
          request.address,
          request.header("holon-principal"),
          request.header("Holon-Deadline-Ms"),
          request.header("x-kept"),
          request.authorization,
        ]);
        return { kind: "user", id: "u1", roles: [] };
      },
    });
    const forged = {
      "x-forwarded-for": "6.6.6.6",
      "holon-principal": "admin",
      "holon-deadline-ms": "900",
      "x-kept": "yes",
      authorization: "Bearer t",
    };
    const answer = await get(guarded.url, "catalog.whoami", undefined, { ...forged, "idempotency-key": "a%2Cb" });
    await guarded.close();
    expect(seen).toEqual([["127.0.0.1", undefined, undefined, "yes", "Bearer t"]]);
    expect(answer.json).toEqual({ result: { data: { principal: { kind: "user", id: "u1", roles: [] }, key: "a,b", caller: "edge" } } });
  });

  it("gives keys to the calls of a batch by position", async () => {
    const { json: answer } = await get(server.url, batchOf(3, "catalog.whoami"), undefined, { "idempotency-key": "one,,thr%20ee" });
    expect((answer as { result: { data: { key: unknown } } }[]).map(({ result }) => result.data.key)).toEqual(["one", null, "thr ee"]);
  });
});

describe("deadlines", () => {
  it("answers DEADLINE_EXCEEDED though the target never returns, and cancels its scope", async () => {
    const { status, json: answer } = await get(server.url, "catalog.hangs", undefined, { "holon-deadline-ms": "20" });
    const scope = server.targets.get("catalog.hangs")?.scopes.at(-1);
    expect({ status, answer }).toMatchObject({ status: 504, answer: { error: { code: -32603, data: { code: "DEADLINE_EXCEEDED" } } } });
    expect(isHolonError(scope?.cancelled, "DEADLINE_EXCEEDED")).toBe(true);
  });

  it("covers an authentication that hangs", async () => {
    const guarded = await openEdge({ authenticate: () => new Promise(() => {}), limits: { deadlineMs: 20 } });
    const { status } = await get(guarded.url, "catalog.nothing");
    await guarded.close();
    expect(status).toBe(504);
  });

  it("gives no call more than the greatest deadline", async () => {
    const guarded = await openEdge({ limits: { greatestDeadlineMs: 20 } });
    const { status } = await get(guarded.url, "catalog.hangs", undefined, { "holon-deadline-ms": "999999" });
    await guarded.close();
    expect(status).toBe(504);
  });
});

describe("answers", () => {
  it("over the limit become PAYLOAD_TOO_LARGE, alone and together", async () => {
    const small = await openEdge({ limits: { responseBytes: 1_000 } });
    const alone = await get(small.url, "catalog.large", { length: 500 });
    const batch = await get(small.url, "catalog.large,catalog.large?batch=1", { 0: { length: 300 }, 1: { length: 300 } });
    const fits = await get(small.url, "catalog.large", { length: 490 });
    await small.close();
    expect(alone.json).toMatchObject({ error: { data: { code: "PAYLOAD_TOO_LARGE", httpStatus: 413 } } });
    expect(batch.json).toMatchObject([{ result: {} }, { error: { data: { code: "PAYLOAD_TOO_LARGE" } } }]);
    expect(fits.status).toBe(200);
  });

  it.each([1, 2, 20])("of %i errors stay within the greatest error body", async (count) => {
    const { status, body, json: answer } = await get(server.url, batchOf(count, "catalog.wordy"));
    expect({ status, count: (answer as unknown[]).length }).toEqual({ status: 422, count });
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(DEFAULT_LIMITS.errorBytes);
  });
});
