import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, mutation, query, subscription } from "../contract/index.ts";
import { type EdgeUnderTest, HandTarget, openEdge } from "./edge.testing.ts";
import { type RawAnswer, send, sendBytes } from "./http.testing.ts";

/** Each is one byte in Latin-1, and none of these bytes is UTF-8. */
const [E_ACUTE, E_GRAVE] = ["\u00e9", "\u00e8"] as const;

let edge: EdgeUnderTest;
const seen: string[] = [];
beforeAll(async () => {
  const input = z.object({ text: z.string() });
  const Resumed = z.object({ lastEventId: z.string().optional() });
  const { procedures, routes } = contract("texts", {
    procedures: {
      get: query({ access: "public", input, output: input, rest: "GET /texts/{text}" }),
      find: query({ access: "public", input, output: input, rest: "GET /found" }),
      add: mutation({ access: "public", input, output: input, rest: "POST /texts" }),
      watch: subscription({ access: "public", input: Resumed, output: input, resumable: true }),
    },
  });
  edge = await openEdge({
    more: [
      new HandTarget("texts.get", procedures.get, ({ text }: { text: string }) => see(text)),
      new HandTarget("texts.add", procedures.add, ({ text }: { text: string }) => see(text)),
      new HandTarget("texts.find", procedures.find, ({ text }: { text: string }) => see(text)),
      new HandTarget("texts.watch", procedures.watch, async function* ({ lastEventId = "" }: z.infer<typeof Resumed>) {
        yield { id: "1", data: see(lastEventId) };
      }),
    ],
    restRoutes: routes,
    authenticate(request) {
      const header = request.header("x-name") ?? request.authorization;
      if (header !== undefined) see(header);
      return { kind: "anonymous" };
    },
    appRoutes(app, { cookie }) {
      app.post("/own/body", async (request) => see((request.body as { text: string }).text));
      app.get<{ Querystring: { text: string } }>("/own/query", async (request) => see(request.query.text));
      app.get<{ Params: { text: string } }>("/own/path/:text", async (request) => see(request.params.text));
      app.get("/own/cookie", async (request) => see(cookie(request, "name") ?? ""));
    },
  });
});
afterAll(() => edge.close());

function see(text: string): { text: string } {
  seen.push(text);
  return { text };
}

type Ask = (text: string) => Promise<RawAnswer>;

const TYPE = { "content-type": "application/json" };
const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const percent = (text: string): string => [...latin1(text)].map((byte) => `%${byte.toString(16)}`).join("");
const json = (text: string): string => JSON.stringify({ text });
const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> => send(edge.url, { path, headers });
const post = (path: string, body: string | Buffer, headers = {}): Promise<RawAnswer> =>
  send(edge.url, { method: "POST", path, body, headers: { ...TYPE, ...headers } });

/** A request whose head has bytes that are not ASCII. Node's client does not send such bytes. */
async function head(path: string, header = ""): Promise<RawAnswer> {
  const whole = await sendBytes(edge.url, latin1(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${header}\r\n`), "\r\n0\r\n\r\n");
  const [top = "", ...rest] = whole.split("\r\n\r\n");
  const body = rest.join("\r\n\r\n");
  return { status: Number(top.split(" ")[1]), headers: {}, body, json: undefined };
}

const BYTES: readonly [where: string, ask: Ask][] = [
  ["the body of a mutation by tRPC", (text) => post("/trpc/catalog.any", latin1(json(text)))],
  ["the body of a batch by tRPC", (text) => post("/trpc/catalog.any?batch=1", latin1(`{"0":${json(text)}}`))],
  ["the input in a URL by tRPC", (text) => get(`/trpc/texts.get?input=${encodeURIComponent('{"text":"')}${percent(text)}%22%7D`)],
  [
    "the inputs of a batch in a URL by tRPC",
    (text) => get(`/trpc/texts.get?batch=1&input=%7B%220%22%3A%7B%22text%22%3A%22${percent(text)}%22%7D%7D`),
  ],
  ["bytes of the input in a URL by tRPC", (text) => head(`/trpc/texts.get?input=%7B%22text%22:%22${text}%22%7D`)],
  ["the path by tRPC", (text) => get(`/trpc/texts.${percent(text)}`)],
  ["bytes of the path by tRPC", (text) => head(`/trpc/texts.${text}`)],
  ["connectionParams", (text) => get(`/trpc/texts.get?input=%7B%22text%22:%22a%22%7D&connectionParams=%7B%22a%22:%22${percent(text)}%22%7D`)],
  ["lastEventId in a URL", (text) => get(`/trpc/texts.watch?input=%7B%7D&lastEventId=${percent(text)}`)],
  ["the header last-event-id", (text) => head("/trpc/texts.watch?input=%7B%7D", `last-event-id: ${text}\r\n`)],
  ["the header idempotency-key", (text) => head("/trpc/catalog.nothing", `idempotency-key: ${text}\r\n`)],
  ["a percent-encoded idempotency-key", (text) => get("/trpc/catalog.nothing", { "idempotency-key": percent(text) })],
  ["a header that authenticate reads", (text) => head("/trpc/catalog.nothing", `x-name: ${text}\r\n`)],
  ["the header authorization", (text) => head("/trpc/catalog.nothing", `authorization: Bearer ${text}\r\n`)],
  ["the path by REST", (text) => get(`/texts/${percent(text)}`)],
  ["bytes of the path by REST", (text) => head(`/texts/${text}`)],
  ["the query by REST", (text) => get(`/found?text=${percent(text)}`)],
  ["bytes of the query by REST", (text) => head(`/found?text=${text}`)],
  ["the body of an app's route", (text) => post("/own/body", latin1(json(text)))],
  ["the query of an app's route", (text) => get(`/own/query?text=${percent(text)}`)],
  ["bytes of the query of an app's route", (text) => head(`/own/query?text=${text}`)],
  ["the path of an app's route", (text) => get(`/own/path/${percent(text)}`)],
  ["bytes of the path of an app's route", (text) => head(`/own/path/${text}`)],
  ["a cookie", (text) => head("/own/cookie", `cookie: other=${text}; name=${text}\r\n`)],
];

describe("bytes that are not UTF-8", () => {
  it.each(BYTES)("are 400 in %s, and never one text of two", async (_where, ask) => {
    seen.length = 0;
    for (const text of [E_ACUTE.repeat(10), E_GRAVE.repeat(10), "\u00ed\u00a0\u0080"]) {
      const { status, body } = await ask(text);
      expect({ status, says: body.includes("BAD_REQUEST") }, body).toEqual({ status: 400, says: true });
    }
    expect(seen).toEqual([]);
  });

  it("do not matter in a header or a cookie that nothing reads", async () => {
    expect((await head("/trpc/catalog.nothing", `x-city: M${E_ACUTE}laga\r\n`)).status).toBe(200);
    expect((await head("/own/cookie", `cookie: other=${E_ACUTE}; name=a\r\n`)).status).toBe(200);
  });
});

const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

describe("bytes that are UTF-8", () => {
  it.each<[where: string, ask: Ask]>([
    ["a body", (text) => post("/own/body", json(text))],
    ["a URL", (text) => get(`/texts/${encodeURIComponent(text)}`)],
    ["a cookie", (text) => head("/own/cookie", `cookie: name=${utf8(text)}\r\n`)],
    ["the header last-event-id", (text) => head("/trpc/texts.watch?input=%7B%7D", `last-event-id: ${utf8(text)}\r\n`)],
    ["a header that authenticate reads", (text) => head("/trpc/catalog.nothing", `x-name: ${utf8(text)}\r\n`)],
  ])("are the text that they are in %s", async (_where, ask) => {
    seen.length = 0;
    // The last byte of the second one, 0xA0, is a space in Latin-1.
    const texts = ["Zo\u00eb\u{1f600}", "voil\u00e0"];
    for (const text of texts) expect((await ask(text)).status).toBe(200);
    expect(seen).toEqual(texts);
  });
});

const HALVES = ["\\ud83d", "\\ude00", "\\ude00\\ud83d", "\\uD83Dx"];

describe("half of a surrogate pair", () => {
  const value = (half: string): string => `{"text":"${half}"}`;
  const inUrl = (half: string): string => encodeURIComponent(value(half));
  it.each<[where: string, ask: Ask]>([
    ["a body by tRPC", (half) => post("/trpc/catalog.any", value(half))],
    ["a member that the contract does not know, by tRPC", (half) => post("/trpc/texts.add", `{"text":"a","other":["${half}"]}`)],
    ["a member that the contract does not know, in a URL", (half) => get(`/trpc/texts.get?input=${encodeURIComponent(`{"text":"a","${half}":1}`)}`)],
    ["a member that the contract does not know, by REST", (half) => post("/texts", `{"text":"a","other":"${half}"}`)],
    ["a key of a body by tRPC", (half) => post("/trpc/catalog.any", `{"${half}":1}`)],
    ["a URL by tRPC", (half) => get(`/trpc/texts.get?input=${inUrl(half)}`)],
    ["a batch by tRPC", (half) => get(`/trpc/texts.get?batch=1&input=${encodeURIComponent(`{"0":${value(half)}}`)}`)],
    ["connectionParams", (half) => get(`/trpc/catalog.nothing?connectionParams=${inUrl(half)}`)],
    ["the body of an app's route", (half) => post("/own/body", value(half))],
    ["a deep body of an app's route", (half) => post("/own/body", `${"[".repeat(90_000)}"${half}"${"]".repeat(90_000)}`)],
  ])("is 400 in %s", async (_where, ask) => {
    seen.length = 0;
    for (const half of HALVES) {
      const { status, body } = await ask(half);
      expect({ status, says: body.includes("BAD_REQUEST") }, body).toEqual({ status: 400, says: true });
    }
    expect(seen).toEqual([]);
  });

  it("is 400 in a subscription's input, which answers by an event", async () => {
    const { body } = await get(`/trpc/texts.watch?input=${encodeURIComponent('{"lastEventId":"\\ud83d"}')}`);
    expect(body).toContain('"code":"BAD_REQUEST"');
    expect(body).toContain("surrogate");
  });

  it("is refused in one call of a batch; its neighbour is answered", async () => {
    const { status, json: answers } = await get(
      `/trpc/texts.get,texts.get?batch=1&input=${encodeURIComponent(`{"0":${value("\\ud83d")},"1":${value("a")}}`)}`,
    );
    expect(status).toBe(207);
    expect(answers).toMatchObject([
      { error: { data: { code: "BAD_REQUEST", details: { issues: [{ path: "text", code: "forbidden_character" }] } } } },
      { result: { data: { text: "a" } } },
    ]);
  });
});
