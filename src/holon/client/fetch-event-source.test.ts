import { afterEach, describe, expect, test, vi } from "vitest";
import { FetchEventSource } from "./fetch-event-source.ts";

describe("the wait before the next connection", () => {
  afterEach(() => vi.useRealTimers());

  /** Answers each connection with one text, and counts them. */
  function openSource(texts: readonly string[]) {
    const state = { connections: 0 };
    const fetch = async () => new Response(texts[state.connections++] ?? "", { headers: { "content-type": "text/event-stream" } });
    const source = new FetchEventSource("http://test", { headers: async () => ({}), fetch: fetch as typeof globalThis.fetch, random: () => 0.5 });
    return { state, source };
  }

  test.each([
    ["is what the server asks for, once", ["retry: 7000\n\n", "", ""], [7_499, 1, 499, 1], [1, 2, 2, 3]],
    ["is half a minute at most", ["retry: 99999999\n\n", ""], [30_499, 1], [1, 2]],
    ["is its own where the server asks for none, or for what is no time", ["retry: soon\n\n", ""], [499, 1], [1, 2]],
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
