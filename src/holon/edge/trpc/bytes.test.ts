import type { AddressInfo } from "node:net";
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import Fastify from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { createReferenceRouter, type EdgeUnderTest, openEdge, openGate } from "../edge.testing.ts";
import { get, post, type RawAnswer, send, until } from "../http.testing.ts";

const heartbeatMs = DEFAULT_LIMITS.subscriptionHeartbeatMs;
const router = createReferenceRouter({ pingMs: heartbeatMs, reconnectMs: 3 * heartbeatMs });
const standalone = createHTTPServer({ router, basePath: "/trpc/" });
const fastify = Fastify();
let server: EdgeUnderTest;
const references: { name: string; url: string }[] = [];

beforeAll(async () => {
  server = await openEdge();
  await new Promise<void>((resolve) => standalone.listen(0, "127.0.0.1", resolve));
  fastify.register(fastifyTRPCPlugin, { prefix: "/trpc", trpcOptions: { router } });
  references.push({ name: "standalone", url: `http://127.0.0.1:${(standalone.address() as AddressInfo).port}` });
  references.push({ name: "fastify", url: await fastify.listen({ port: 0, host: "127.0.0.1" }) });
});
afterAll(async () => {
  await server.close();
  await fastify.close();
  await new Promise((resolve) => standalone.close(resolve));
});

const whatMatters = ({ status, headers, body }: RawAnswer) => ({
  status,
  body,
  type: headers["content-type"],
  vary: headers.vary,
  cache: headers["cache-control"],
  buffering: headers["x-accel-buffering"],
  allow: headers.allow,
});

async function expectSame(ask: (url: string) => Promise<RawAnswer>): Promise<RawAnswer> {
  const ours = await ask(server.url);
  for (const { name, url } of references) expect({ name, ...whatMatters(await ask(url)) }).toEqual({ name, ...whatMatters(ours) });
  return ours;
}

const jsonl = { "trpc-accept": "application/jsonl" };
const five = { 0: { id: "a" }, 1: { id: "ü" }, 2: { id: '"' }, 3: { id: "\u2028" }, 4: { id: "😀" } };
const fivePaths = Array(5).fill("catalog.get").join(",");

describe("success bodies are tRPC's, byte for byte", () => {
  it.each<[string, (url: string) => Promise<RawAnswer>]>([
    ["a query", (url) => get(url, "catalog.get", { id: "ä/%&+ \u2028" })],
    ["a query without output", (url) => get(url, "catalog.nothing")],
    ["a query with a plus for a space", (url) => send(url, { path: "/trpc/catalog.get?input=%7B%22id%22%3A%22a+b%22%7D" })],
    ["a mutation", (url) => post(url, "catalog.rename", '{"name":"ö"}')],
    ["a mutation with a charset", (url) => post(url, "catalog.rename", '{"name":"ö"}', { "content-type": "Application/JSON; charset=utf-8" })],
    ["a mutation without body", (url) => post(url, "catalog.touch", "")],
    ["a batch of queries", (url) => get(url, `${fivePaths}?batch=1`, five)],
    ["a batch of one", (url) => get(url, "catalog.get?batch=1", { 0: { id: "a" } })],
    ["a batch with an escaped comma", (url) => get(url, "catalog.get%2Ccatalog.nothing?batch=1", { 0: { id: "a" } })],
    ["a batch of mutations", (url) => post(url, "catalog.touch,catalog.rename?batch=1", '{"1":{"name":"x"}}')],
    ["a batch without any input", (url) => get(url, "catalog.nothing,catalog.nothing?batch=1")],
    ["a streamed batch of one", (url) => get(url, "catalog.get?batch=1", { 0: { id: "ä" } }, jsonl)],
    ["a streamed batch of one without output", (url) => get(url, "catalog.nothing?batch=1", undefined, jsonl)],
    [
      "a streamed batch asked for by accept",
      (url) => get(url, "catalog.get?batch=1", { 0: { id: "ä" } }, { accept: "text/html, application/jsonl" }),
    ],
    ["a subscription", (url) => get(url, "catalog.prices", { count: 3 })],
    ["a subscription resumed by header", (url) => get(url, "catalog.prices", { count: 4 }, { "last-event-id": "2" })],
    ["a subscription resumed by URL", (url) => get(url, "catalog.prices?lastEventId=3", { count: 4 })],
    ["a HEAD", (url) => send(url, { method: "HEAD", path: "/trpc/catalog.get" })],
  ])("%s", async (_name, ask) => {
    const { status } = await expectSame(ask);
    expect([200, 204]).toContain(status);
  });

  it("a streamed batch whose calls end in another order than they were sent", async () => {
    const paths = "catalog.gated,catalog.gated,catalog.nothing";
    const { body } = await expectSame(async (url) => {
      const input = encodeURIComponent(JSON.stringify({ 0: { id: "first" }, 1: { id: "second" } }));
      let text = "";
      const onText = (all: string) => {
        text = all;
      };
      const answer = send(url, { path: `/trpc/${paths}?batch=1&input=${input}`, headers: jsonl, onText });
      await until(() => openGate("second"));
      await until(() => text.includes('[["second"]]'));
      await until(() => openGate("first"));
      return answer;
    });
    expect(body.indexOf('[["second"]]')).toBeLessThan(body.indexOf('[["first"]]'));
  });
});

describe("answers with errors have tRPC's status, type and shape", () => {
  it.each<[string, (url: string) => Promise<RawAnswer>]>([
    ["an unknown procedure", (url) => get(url, "catalog.no")],
    ["a batch with one unknown procedure", (url) => get(url, "catalog.get,catalog.no?batch=1", { 0: { id: "a" } })],
    ["a batch of unknown procedures", (url) => get(url, "catalog.no,catalog.no?batch=1")],
    ["a mutation by GET", (url) => get(url, "catalog.touch")],
    ["a query by POST", (url) => post(url, "catalog.nothing", "")],
  ])("%s", async (_name, ask) => {
    const shape = (answer: RawAnswer) => ({ ...whatMatters(answer), body: JSON.stringify(answer.json) });
    const ours = shape(await ask(server.url));
    for (const { url } of references) expect(shape(await ask(url))).toEqual(ours);
  });
});
