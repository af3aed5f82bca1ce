import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type EdgeUnderTest, openEdge } from "./edge.testing.ts";
import { get, send, sendBytes } from "./http.testing.ts";

/** A tenth of 100 000 by default; HOLON_FAULT_SCALE sets another share. */
const COUNT = Math.ceil(100_000 * Number(process.env["HOLON_FAULT_SCALE"] ?? 0.1));
const BATCH = 20;

let server: EdgeUnderTest;
beforeAll(async () => {
  server = await openEdge({ limits: { addressRateCount: 1_000_000_000, refusalRateCount: 1_000_000_000 } });
});
afterAll(() => server.close());

async function series(): Promise<number> {
  const registry = new Registry();
  server.metrics.registerIn(registry);
  return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
}

/** Paths that were not requested before. */
function* random(count: number): Generator<string> {
  for (let index = 0; index < count; index++) yield `c${(index * 2_654_435_761) % 4_294_967_296}.p${index}`;
}

it(`has no more metrics after ${COUNT} random paths, methods and user agents than before`, async () => {
  await get(server.url, "catalog.nope");
  await send(server.url, { path: "/nowhere" });
  const [before, sizeBefore] = [await series(), server.metrics.size];
  const paths = [...random(COUNT)];
  const half = paths.length / 2;
  for (let from = 0; from < half; from += BATCH) {
    const answer = await get(server.url, `${paths.slice(from, from + BATCH).join()}?batch=1`, undefined, { "user-agent": `agent ${from}` });
    expect(answer.status).toBe(404);
  }
  // Many requests on one connection, one after the other, as a scanner sends them.
  for (let from = half; from < paths.length; from += 500) {
    const requests = paths.slice(from, from + 500).map((path, index) => `${index % 2 === 0 ? "GET" : "DELETE"} /${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    const text = await sendBytes(server.url, `${requests.join("")}GET /end HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(text.match(/HTTP\/1\.1 404/g)).toHaveLength(requests.length + 1);
  }
  expect(server.metrics.size).toBe(sizeBefore);
  expect(await series()).toBe(before);
});
