import { type TestApp, TOPOLOGIES, type Topology, testApp } from "holon/testing";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../conformance/until.ts";
import { contracts, createStreamApp, ODD_ENDS, Release } from "./app.ts";
import { type OpenedStream, openStream, type StreamRequest } from "./open-stream.ts";

/** A thousand streams take long on a busy machine. */
const PATIENCE_MS = 60_000;

type Limits = NonNullable<Parameters<typeof testApp>[1]["limits"]>;

let app: TestApp<typeof contracts>;
let release: Release;
let opened: OpenedStream[];

async function start(topology: Topology, limits: Limits = {}): Promise<void> {
  opened = [];
  release = new Release();
  app = await testApp(createStreamApp(release), { contracts, topology, limits, faults: false });
}

afterEach(async () => {
  for (const stream of opened) stream.close();
  release.now();
  await app.close();
});

function open(path: string, request: StreamRequest = {}): OpenedStream {
  const stream = openStream(app.url, path, request);
  opened.push(stream);
  return stream;
}

const isOpen = (stream: OpenedStream): boolean => stream.text().includes('data: {"n":1}');
const isDecided = (stream: OpenedStream): boolean => isOpen(stream) || stream.refusal() !== undefined || stream.isOver();

/** Opens streams one by one, so that it is known which ones exceed a limit. */
async function openInTurn(count: number, path: string, request: StreamRequest = {}): Promise<OpenedStream[]> {
  const streams: OpenedStream[] = [];
  for (let turn = 0; turn < count; turn++) {
    const stream = open(path, request);
    await until("the stream is open, or refused", () => isDecided(stream));
    streams.push(stream);
  }
  return streams;
}

const running = (context: "feeds" | "reader"): number | undefined =>
  app
    .host(context)
    .contexts.find(({ name }) => name === context)
    ?.streams();
const noneRuns = () => until("no stream runs", () => running("feeds") === 0 && running("reader") === 0, PATIENCE_MS);

/** The answers to calls of both contexts, from outside and from another context. */
async function calls(): Promise<unknown> {
  const outside = await Promise.all(["feeds.ping", "reader.ping"].map(async (path) => (await fetch(`${app.url}/trpc/${path}`)).status));
  return { outside, inside: [await app.asAnonymous().call.feeds.ping(), await app.asAnonymous().call.reader.ping()] };
}
const ANSWERED = { outside: [200, 200], inside: ["pong", "pong"] };

describe.each(TOPOLOGIES)("streams, %s", (topology) => {
  it(
    "1 000 idle ones of many users are open while every call of their contexts answers",
    async () => {
      await start(topology, { addressStreamCount: 1_000 });
      const streams = Array.from({ length: 1_000 }, (_, index) => open("reader.follow", { user: `user ${index % 50}` }));
      await until("all are open", () => streams.every(isOpen), PATIENCE_MS);
      expect(await calls()).toEqual(ANSWERED);
      expect([running("reader"), running("feeds")]).toEqual([1_000, 1_000]);
      for (const stream of streams) stream.close();
      await noneRuns();
    },
    3 * PATIENCE_MS,
  );

  it(
    "1 000 of one user are limited to 20, and every call answers",
    async () => {
      await start(topology);
      const streams = Array.from({ length: 1_000 }, () => open("feeds.idle", { user: "u1" }));
      await until("all are open, or refused", () => streams.every(isDecided), PATIENCE_MS);
      const refusals = streams.map((stream) => stream.refusal());
      expect(refusals.filter((code) => code === undefined)).toHaveLength(20);
      expect(refusals.filter((code) => code === "TOO_MANY_REQUESTS")).toHaveLength(980);
      expect([running("feeds"), await calls()]).toEqual([20, ANSWERED]);
      for (const stream of streams) stream.close();
      await noneRuns();
      expect((await openInTurn(21, "feeds.idle", { user: "u1" })).filter(isOpen)).toHaveLength(20);
    },
    3 * PATIENCE_MS,
  );

  it("the 101st of an address is refused, whether or not its user is known, until one is closed", async () => {
    await start(topology);
    const users = await openInTurn(20, "feeds.idle", { user: "u1" });
    const others = await openInTurn(80, "feeds.idle");
    const over = [...(await openInTurn(1, "feeds.idle")), ...(await openInTurn(1, "feeds.idle", { user: "u2" }))];
    expect([...users, ...others].every(isOpen)).toBe(true);
    expect(over.map((stream) => stream.refusal())).toEqual(["TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"]);
    users[0]?.close();
    await until("one has gone", () => running("feeds") === 99);
    expect((await openInTurn(2, "feeds.idle")).map(isOpen)).toEqual([true, false]);
  });

  it("those over the limit of a context get OVERLOADED, from outside and from another context, and its calls go on", async () => {
    await start(topology, { streamCount: 3 });
    const [first] = await openInTurn(3, "feeds.idle");
    const [outside, through] = [...(await openInTurn(1, "feeds.idle")), ...(await openInTurn(1, "reader.follow"))];
    expect([outside?.refusal(), through?.refusal()]).toEqual(["OVERLOADED", "OVERLOADED"]);
    await expect(app.asAnonymous().call.reader.first()).rejects.toMatchObject({
      code: "OVERLOADED",
      executed: "no",
      message: "More than 3 streams of feeds are open at once (limit streamCount, HOLON_LIMIT_STREAM_COUNT).",
      details: { retryAfterMs: 10_000 },
    });
    await until("the stream that was refused is over", () => running("reader") === 0);
    expect([running("feeds"), await calls()]).toEqual([3, ANSWERED]);
    first?.close();
    await until("one has gone", () => running("feeds") === 2);
    expect((await openInTurn(2, "feeds.idle")).map(isOpen)).toEqual([true, false]);
  });

  it("one gives its place back once, however its handler ends", async () => {
    await start(topology, { streamCount: 2 });
    for (const end of ODD_ENDS) {
      for (let turn = 0; turn < 3; turn++) {
        const stream = open("feeds.odd", { input: { end } });
        await until(`a stream that ${end} has an item, or its end`, () => isDecided(stream));
        stream.close();
        await until(`a stream that ${end} has given its place back`, () => running("feeds") === 0);
      }
    }
    const streams = await openInTurn(3, "feeds.idle");
    expect([streams.map(isOpen), running("feeds")]).toEqual([[true, true, false], 2]);
  });

  it("one that is refused before its handler takes no place", async () => {
    await start(topology);
    const [badInput] = await openInTurn(1, "feeds.odd", { input: { end: "no such end" } });
    const [ruled] = await openInTurn(1, "feeds.ruled");
    expect([badInput?.refusal(), ruled?.refusal()]).toEqual(["BAD_REQUEST", "NOT_FOUND"]);
    await noneRuns();
  });

  it("one that its reader leaves before the first item, or forgets, gives its place back", async () => {
    await start(topology, { streamCount: 2 });
    const silent = open("feeds.silent");
    await until("it runs", () => running("feeds") === 1);
    silent.close();
    await noneRuns();
    await app.asAnonymous().call.reader.first();
    await app.asAnonymous().call.reader.forget();
    await noneRuns();
    const gone = new AbortController();
    const step = app.asAnonymous().call.feeds.silent(undefined, { signal: gone.signal })[Symbol.asyncIterator]().next();
    const refused = expect(step).rejects.toMatchObject({ code: "CANCELLED" });
    await until("it runs", () => running("feeds") === 1);
    gone.abort();
    await refused;
    await noneRuns();
  });

  it("one whose deadline passes gives its place back", async () => {
    await start(topology);
    const items = app.asAnonymous().call.feeds.silent(undefined, { deadlineMs: 50 })[Symbol.asyncIterator]();
    await expect(items.next()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await noneRuns();
  });

  it("one whose handler ignores its signal keeps the place of the context, and not that of its user", async () => {
    await start(topology, { streamCount: 3, userStreamCount: 2 });
    const stubborn = await openInTurn(2, "feeds.stubborn", { user: "u1" });
    for (const stream of stubborn) stream.close();
    let next: OpenedStream | undefined;
    await until("the user has a place again", async () => {
      [next] = await openInTurn(1, "feeds.idle", { user: "u1" });
      return next !== undefined && isOpen(next);
    });
    expect(running("feeds")).toBe(3);
    expect((await openInTurn(1, "feeds.idle"))[0]?.refusal()).toBe("OVERLOADED");
    release.now();
    await until("their handlers have ended", () => running("feeds") === 1);
    next?.close();
    await noneRuns();
  });

  it("those that are open when the process stops are ended, and no place is left", async () => {
    await start(topology);
    const streams = await openInTurn(5, "reader.follow");
    await Promise.all(app.processes.map((running) => running.close()));
    await until("all have ended", () => streams.every((stream) => stream.isOver()));
    await noneRuns();
  });
});
