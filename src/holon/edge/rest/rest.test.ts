import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EdgeUnderTest } from "../edge.testing.ts";
import { post, type RawAnswer, send, sendBytes, until } from "../http.testing.ts";
import { made, openRestEdge, openRestGate, ROW, sendJson, stock } from "./rest.testing.ts";

let server: EdgeUnderTest;
beforeAll(async () => {
  server = await openRestEdge({ limits: { responseBytes: 1_000 } });
});
afterAll(() => server.close());

const get = (path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<RawAnswer> =>
  send(server.url, { method, path, headers });
const write = (method: string, path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<RawAnswer> =>
  sendJson(server.url, method, path, body, headers);
const product = `/products/${ROW.id}`;

describe("a REST route", () => {
  it("answers the output itself as JSON", async () => {
    const { status, headers, json } = await get(product);
    expect({ status, json }).toEqual({ status: 200, json: ROW });
    expect(headers).toMatchObject({ "content-type": "application/json", "x-content-type-options": "nosniff" });
  });

  it("answers 201 with the location of what was made", async () => {
    const { status, headers, json } = await write("POST", "/products", { name: "Tea" });
    expect({ status, json, location: headers.location }).toEqual({ status: 201, json: { ...ROW, name: "Tea" }, location: product });
  });

  it("answers 204 for nothing, and null as null", async () => {
    const [nothing, empty] = [await get("/nothing"), await get("/null")];
    expect([nothing.status, nothing.body, nothing.headers["content-type"]]).toEqual([204, "", undefined]);
    expect([empty.status, empty.body]).toEqual([200, "null"]);
  });

  it("answers the status, the place and the lifetime that its contract says", async () => {
    const { status, headers } = await write("POST", "/made", undefined);
    expect([status, headers.location]).toEqual([202, "/jobs/a%2Fb%20c"]);
    expect((await get("/open")).headers["cache-control"]).toBe("public, max-age=60");
    expect((await get(product)).headers["cache-control"]).toBeUndefined();
  });

  // Seen red: the answer never came, and the rejection ended the process.
  it("answers with U+FFFD in its location for half a character that a handler cut off", async () => {
    const whole = made.name;
    made.name = "\u{1F375}".slice(0, 1);
    try {
      const { status, headers, json } = await write("POST", "/made", undefined);
      expect({ status, json, location: headers.location }).toEqual({ status: 202, json: { name: "\ud83c" }, location: "/jobs/%EF%BF%BD" });
    } finally {
      made.name = whole;
    }
  });

  it("answers HEAD as GET without a body", async () => {
    const [head, whole] = [await get(product, {}, "HEAD"), await get(product)];
    expect([head.status, head.body, { ...head.headers, date: "" }]).toEqual([200, "", { ...whole.headers, date: "" }]);
  });

  it("says which methods a path takes", async () => {
    const [options, refused] = [await get(product, {}, "OPTIONS"), await write("POST", product, {})];
    expect([options.status, options.headers.allow]).toEqual([204, "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"]);
    expect([refused.status, refused.headers.allow]).toEqual([405, "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"]);
    expect((await get("/touches")).headers.allow).toBe("POST, OPTIONS");
  });

  it("keeps the connection after whatever it answers, unless a body was left unread", async () => {
    const next = "GET /null HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    for (const line of [`DELETE ${product}`, "POST /touches", `OPTIONS ${product}`, "HEAD /nothing", "PATCH /nothing", "GET /fail/missing"]) {
      const text = await sendBytes(server.url, `${line} HTTP/1.1\r\nhost: x\r\n\r\n${next}`);
      expect([line, text.match(/HTTP\/1\.1 \d/g)?.length]).toEqual([line, 2]);
    }
  });

  it("lets a POST that takes nothing come with nothing", async () => {
    expect((await get("/touches", {}, "POST")).json).toBe("touched");
  });
});

describe("the input", () => {
  it.each([
    ["nothing", "", { limit: 20 }],
    ["texts", "?text=a%20b%2Bc+d&sort=up", { text: "a b+c d", limit: 20, sort: "up" }],
    ["numbers and booleans", "?limit=5&exact=true", { limit: 5, exact: true }],
    ["a text that looks like another type", "?text=5", { text: "5", limit: 20 }],
    ["one of a list", "?tags=a", { limit: 20, tags: ["a"] }],
    ["several of a list", "?sizes=1&tags=a&sizes=-2.5e1&tags=", { limit: 20, sizes: [1, -25], tags: ["a", ""] }],
    ["what is empty", "?&text=&", { text: "", limit: 20 }],
    ["a name without a value", "?text", { text: "", limit: 20 }],
    ["an encoded name", "?te%78t=a", { text: "a", limit: 20 }],
  ])("is read from the query: %s", async (_name, search, expected) => {
    expect((await get(`/products${search}`)).json).toEqual(expected);
  });

  it("is read from the path, decoded", async () => {
    expect((await get("/texts/a%2Fb%20%25/7?x=1")).json).toEqual({ text: "a/b %", count: 7 });
    expect((await get("/texts/5/-0")).json).toEqual({ text: "5", count: 0 });
  });

  it("may have parameters that no contract knows, if the object is not strict", async () => {
    expect((await get("/loose?a=1&utm_source=x&utm_source=y&constructor=z")).status).toBe(200);
    expect((await get("/loose?a=1&utm_source=x")).json).toEqual({ a: "1" });
  });

  it("is the body, and the path if it names members", async () => {
    expect((await write("POST", "/any", [1, { a: null }])).json).toEqual([1, { a: null }]);
    expect((await write("PUT", product, { version: 3, name: "Tea" })).json).toEqual({ ...ROW, name: "Tea", version: 4 });
    expect((await write("PUT", product, { ...ROW, name: "Tea" })).json).toEqual({ ...ROW, name: "Tea", version: 4 });
  });

  it("goes on being refused as text by tRPC", async () => {
    await get("/products?limit=5");
    const { status, body } = await send(server.url, { path: `/trpc/shop.products.search?input=${encodeURIComponent('{"limit":"5"}')}` });
    expect([status, body.includes('"path":"limit"')]).toEqual([400, true]);
  });
});

describe("the version of a row", () => {
  const etagOf = async (): Promise<string> => (await get(product)).headers.etag as string;

  it("is the front of its ETag", async () => {
    expect(await etagOf()).toMatch(/^"3-[0-9a-f]{16}"$/);
    expect((await write("POST", "/products", { name: "Tea" })).headers.etag).toMatch(/^"3-/);
    expect((await write("PATCH", product, { version: 3 })).headers.etag).toMatch(/^"4-/);
    expect((await write("PUT", product, { ...ROW })).headers.etag).toBeUndefined();
  });

  it("answers 304 to a client that has the row, and not to one that has an older version", async () => {
    const etag = await etagOf();
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const { status, body, headers } = await get(product, { "if-none-match": known });
      expect([status, body, headers.etag, headers["content-type"], headers["content-length"]]).toEqual([304, "", etag, undefined, undefined]);
    }
    expect((await get(product, { "if-none-match": '"2-0123456789abcdef"' })).status).toBe(200);
    expect((await get(product, { "if-none-match": etag }, "HEAD")).status).toBe(304);
  });

  it("does not hide from caches what moves without it", async () => {
    const etag = await etagOf();
    stock.count--;
    const { status, json } = await get(product, { "if-none-match": etag });
    stock.count++;
    expect({ status, json }).toEqual({ status: 200, json: { ...ROW, stock: ROW.stock - 1 } });
  });

  it("is not needed for a tag if the contract says how long an answer lives", async () => {
    const { headers } = await get("/open");
    expect(headers.etag).toMatch(/^"[0-9a-f]{16}"$/);
    expect((await get("/open", { "if-none-match": headers.etag as string })).headers["cache-control"]).toBe("public, max-age=60");
    expect((await get("/null")).headers.etag).toBeUndefined();
  });

  it("may come as If-Match, with the tag as it was given or as a proxy made it", async () => {
    const etag = await etagOf();
    for (const match of [etag, `W/${etag}`, '"3"']) {
      expect((await write("PATCH", product, { name: "Tea" }, { "if-match": match })).json).toEqual({ ...ROW, name: "Tea", version: 4 });
      expect((await get(product, { "if-match": match }, "DELETE")).status).toBe(204);
    }
  });

  it("may stand in a list of tags, and not beside another one", async () => {
    const entered = (): number => server.targets.get("shop.products.patch")?.scopes.length ?? 0;
    const match = (tags: string): Promise<RawAnswer> => write("PATCH", product, { name: "Tea" }, { "if-match": tags });
    expect((await match(`"of-a-cache", ${await etagOf()}, "3"`)).status).toBe(200);
    const before = entered();
    expect(await match('"3", "4"')).toMatchObject({ status: 400, json: { issues: [{ path: "if-match" }] } });
    expect([(await match('"one", "two"')).status, entered()]).toEqual([412, before]);
  });

  it("that is stale answers 412 with the current one, and 409 if it came in the input", async () => {
    const stale = await write("PATCH", product, { name: "Tea" }, { "if-match": '"2-0123456789abcdef"' });
    expect(stale).toMatchObject({ status: 412, json: { status: 412, title: "Precondition Failed", code: "CONFLICT", details: { version: 3 } } });
    expect(await write("PATCH", product, { version: 2 })).toMatchObject({ status: 409, json: { code: "CONFLICT", details: { version: 3 } } });
    expect((await get(product, { "if-match": '"2"' }, "DELETE")).status).toBe(412);
    expect((await get(`${product}?version=2`, {}, "DELETE")).status).toBe(409);
  });

  it("that no row can have answers 412 and enters nothing", async () => {
    const entered = server.targets.get("shop.products.patch")?.scopes.length;
    const answer = await write("PATCH", product, { version: 3 }, { "if-match": '"a-tag-of-somebody-else"' });
    expect([answer.status, server.targets.get("shop.products.patch")?.scopes.length]).toEqual([412, entered]);
  });

  it("is not taken for the reason of every conflict", async () => {
    const answer = await write("PUT", "/fail/taken/6f9619ff-8b86-4d01-b42d-00cf4fc964ff", { name: "Tea" }, { "if-match": '"3"' });
    expect(answer).toMatchObject({ status: 409, json: { code: "CONFLICT", details: { field: "name" } } });
  });

  it("is refused if there are two, or if no procedure would read it", async () => {
    const two = await write("PATCH", product, { version: 4 }, { "if-match": '"3"' });
    expect(two).toMatchObject({ status: 400, json: { issues: [{ path: "version" }] } });
    const unheard = await get("/touches", { "if-match": '"3"' }, "POST");
    expect(unheard).toMatchObject({ status: 400, json: { issues: [{ path: "if-match" }] } });
    expect((await write("PATCH", product, { version: 3 }, { "if-match": "*" })).status).toBe(200);
    expect(await write("PATCH", product, {}, { "if-match": "*" })).toMatchObject({ status: 400, json: { issues: [{ path: "version" }] } });
  });
});

describe("an error", () => {
  it("is problem details with the code of the contract", async () => {
    const { headers, json } = await get("/fail/sold-out");
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(json).toEqual({ type: "about:blank", title: "Conflict", status: 409, detail: "sold out", code: "SOLD_OUT", details: { available: 0 } });
    expect((await get("/fail/missing")).json).toEqual({
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "no such thing",
      code: "NOT_FOUND",
    });
  });

  it("that no contract declares leaves an id and nothing else", async () => {
    const { body, json } = await get("/fail/broken");
    expect(json).toEqual({
      ...{ type: "about:blank", title: "Internal Server Error", status: 500, code: "INTERNAL" },
      ...{ detail: expect.any(String), errorId: expect.any(String) },
    });
    expect(body).not.toMatch(/select|password|secret\.ts|TypeError/);
  });

  it("names each member that does not fit", async () => {
    expect((await get("/products?limit=0&exact=yes")).json).toMatchObject({
      ...{ status: 400, code: "BAD_REQUEST" },
      issues: [
        { path: "limit", code: "too_small" },
        { path: "exact", code: "invalid_type" },
      ],
    });
  });

  it("of an answer that is too large says so", async () => {
    expect(await get("/large/500")).toMatchObject({ status: 413, json: { code: "PAYLOAD_TOO_LARGE" } });
    expect((await get("/large/400")).status).toBe(200);
  });

  it("is the answer also for an unknown path", async () => {
    for (const path of ["/nowhere", "/products/", "/products//", "/", "/inside/reserve", "/constructor"]) {
      expect(await get(path)).toMatchObject({ status: 404, headers: { "content-type": "application/problem+json" }, json: { code: "NOT_FOUND" } });
    }
  });
});

describe("a call by REST", () => {
  it("is made for whom authenticate says, with the key of its header, from the edge", async () => {
    expect((await get("/who", { "idempotency-key": "a%2Cb" })).json).toEqual({ principal: { kind: "anonymous" }, key: "a,b", caller: "edge" });
  });

  it("is counted as one, whatever the path was", async () => {
    const series = server.metrics.series({ procedure: "shop.say.text", caller: "outside", transport: "rest" });
    const before = Object.fromEntries(series.codes());
    await get("/texts/a/1");
    await get("/texts/b/2");
    await get("/texts/b/x");
    expect(Object.fromEntries(series.codes())).toEqual({ OK: (before["OK"] ?? 0) + 2, BAD_REQUEST: (before["BAD_REQUEST"] ?? 0) + 1 });
  });

  it("ends at its deadline, and its scope with it", async () => {
    const answer = await get("/hangs", { "holon-deadline-ms": "20" });
    expect(answer).toMatchObject({ status: 504, json: { code: "DEADLINE_EXCEEDED" } });
    expect(server.targets.get("shop.say.hangs")?.scopes.at(-1)?.cancelled?.code).toBe("DEADLINE_EXCEEDED");
  });

  it("is cancelled when its client goes away", async () => {
    const target = server.targets.get("shop.say.hangs");
    const entered = target?.scopes.length ?? 0;
    const client = new AbortController();
    const asked = send(server.url, { path: "/hangs", signal: client.signal });
    await until(() => target?.scopes.length === entered + 1);
    client.abort();
    await expect(asked).rejects.toThrow();
    await until(() => target?.scopes.at(-1)?.cancelled !== undefined);
    expect(target?.scopes.at(-1)?.cancelled?.code).toBe("CANCELLED");
  });

  it("is finished when the edge closes, and later ones are turned away with problem details", async () => {
    const stopping = await openRestEdge();
    const held = send(stopping.url, { path: "/gates/one" });
    const late = new Promise<RawAnswer>((resolve, reject) => {
      void until(() => stopping.targets.get("shop.say.gated")?.scopes.length === 1).then(() => {
        stopping.edge.drain();
        send(stopping.url, { path: "/nothing" }).then(resolve, reject);
      });
    });
    expect(await late).toMatchObject({ status: 503, headers: { connection: "close" }, json: { code: "UNAVAILABLE" } });
    expect(openRestGate("one")).toBe(true);
    expect((await held).json).toBe("one");
    await stopping.close();
  });

  it("is refused like any other by authenticate", async () => {
    const guarded = await openRestEdge({
      authenticate: () => {
        throw new TypeError("JWT expired: eyJ...");
      },
    });
    const { status, body, headers } = await send(guarded.url, { path: "/nothing" });
    const byTrpc = await send(guarded.url, { path: "/trpc/shop.say.nothing" });
    await guarded.close();
    expect([status, body.includes("UNAUTHORIZED"), body.includes("JWT")]).toEqual([401, true, false]);
    expect([headers, byTrpc.headers].map((each) => each["www-authenticate"])).toEqual(["Bearer", "Bearer"]);
  });
});

describe("beside REST", () => {
  it("tRPC and the health routes answer as before", async () => {
    expect((await post(server.url, "shop.say.touch", "")).json).toEqual({ result: { data: "touched" } });
    expect((await get("/healthz")).json).toEqual({ status: "alive" });
  });

  it("pages of an origin that is allowed may ask, and read the tag and the place", async () => {
    const open = await openRestEdge({ cors: { origins: ["https://shop.test"] } });
    const headers = { origin: "https://shop.test" };
    const preflight = await send(open.url, {
      ...{ method: "OPTIONS", path: product },
      headers: { ...headers, "access-control-request-method": "PATCH", "access-control-request-headers": "if-match" },
    });
    const answer = await send(open.url, { path: product, headers });
    await open.close();
    expect(preflight.headers["access-control-allow-headers"]).toContain("if-match");
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": "https://shop.test",
      "access-control-expose-headers": "etag, location, retry-after",
      vary: "origin",
    });
  });
});
