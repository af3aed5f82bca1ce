import { afterEach, describe, expect, test, vi } from "vitest";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { FetchEventSource } from "./fetch-event-source.ts";

const headers = { "content-type": "text/event-stream" };

describe("the wait before the next connection", () => {
  afterEach(() => vi.useRealTimers());

  /** Answers each connection with one text, and counts them. */
  function openSource(texts: readonly string[]) {
    const state = { connections: 0 };
    const fetch = async () => new Response(texts[state.connections++] ?? "", { headers });
    const source = new FetchEventSource("http://test", { headers: async () => ({}), fetch: fetch as typeof globalThis.fetch, random: () => 0.5 });
    return { state, source };
  }

  test.each([
    ["is what the server asks for, once", ["retry: 7000\n\n", "", ""], [7_499, 1, 499, 1], [1, 2, 2, 3]],
    ["is half a minute at most", ["retry: 99999999\n\n", ""], [30_499, 1], [1, 2]],
    ["is its own if the server asks for none, or for one that is not a number", ["retry: soon\n\n", ""], [499, 1], [1, 2]],
  ])("%s", async (_name, texts, steps, connections) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { state, source } = openSource(texts);
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    const seen: number[] = [];
    for (const ms of steps) {
      await vi.advanceTimersByTimeAsync(ms);
      seen.push(state.connections);
    }
    source.close();
    expect(seen).toEqual(connections);
  });
});

describe("a stream", () => {
  /** What listeners get of a stream that comes in these pieces, the error at its end, and whether its connection was closed from this side. */
  async function read(...pieces: string[]) {
    const encoder = new TextEncoder();
    const rest = pieces.values();
    const events: unknown[] = [];
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const { done, value } = rest.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    const fetch = (async () => new Response(body, { headers })) as typeof globalThis.fetch;
    const source = new FetchEventSource("http://test", { headers: async () => ({}), fetch, random: () => 0.5 });
    for (const type of ["message", "a", "x"]) source.addEventListener(type, (event) => events.push(event));
    const { message } = await new Promise<{ message?: string }>((resolve) => source.addEventListener("error", resolve));
    source.close();
    return { events, message, isCancelled };
  }

  test("gives events with their types, and with the last id that came", async () => {
    const { events } = await read(
      "event: a\r\ndata: 1\r\nid: 7\r",
      "\n\r\n: ping\n\nretry: 5\nevent: x\n\ndata: 2\ndata:",
      "3\n\nid\ndata\n\ndata: half",
    );
    expect(events).toEqual([
      { type: "a", data: "1", lastEventId: "7" },
      { type: "message", data: "2\n3", lastEventId: "7" },
      { type: "message", data: "", lastEventId: "" },
    ]);
  });

  // A reader that searches its whole text again for each piece would take hours here.
  test("gives a long line that comes in small pieces", async () => {
    const { events } = await read("data: ", ...Array.from({ length: 70_000 }, () => "x".repeat(64)), "\n\n");
    expect(events).toEqual([{ type: "message", data: "x".repeat(70_000 * 64), lastEventId: "" }]);
  });

  const half = "x".repeat(DEFAULT_LIMITS.responseBytes / 2);
  test.each([
    ["one line", ["data: ", half, half]],
    ["lines", [`data: ${half}\n`, `data: ${half}\n`]],
    ["lines, and one that has not ended", [`data: ${half}\n`, `data: ${half}`]],
  ])("is closed when an event of %s does not end", async (_name, pieces) => {
    const { events, message, isCancelled } = await read(...pieces, ": ping\n", ": ping\n", ": ping\n");
    expect([events, message, isCancelled]).toEqual([[], expect.stringContaining(String(DEFAULT_LIMITS.responseBytes)), true]);
  });
});
