import { connect } from "node:net";
import { createTRPCClient, httpSubscriptionLink } from "@trpc/client";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { FetchEventSource } from "../../client/fetch-event-source.ts";
import { subscription } from "../../contract/index.ts";
import { catalogueError, isHolonError } from "../../kernel/holon-error.ts";
import type { Scope } from "../../kernel/scope.ts";
import { type EdgeUnderTest, HandTarget, openEdge, type ReferenceRouter } from "../edge.testing.ts";
import { get, send, until } from "../http.testing.ts";
import { TestEventSource } from "./event-source.testing.ts";

let server: EdgeUnderTest;
afterEach(() => server.close());

const input = z.object({ lastEventId: z.string().optional() }).optional();
const spec = subscription({ access: "public", input });
const resumableSpec = subscription({ access: "public", input, resumable: true });

/** Yields one number for each connection, the next after the last one seen, and then waits for the end. */
async function* onePerConnection(input: { lastEventId?: string } | undefined, scope: Scope) {
  const number = Number(input?.lastEventId ?? 0) + 1;
  yield { id: String(number), data: number };
  await new Promise<never>((_resolve, reject) => scope.onCancel(reject));
}

const ticking = () => new HandTarget("catalog.ticks", resumableSpec, onePerConnection as never);

function subscribe(url: string, path = "prices", input: unknown = { count: 3 }) {
  const seen: unknown[] = [];
  const ended: string[] = [];
  const link = httpSubscriptionLink({ url: `${url}/trpc`, EventSource: TestEventSource as never, connectionParams: { token: "t" } });
  const client = createTRPCClient<ReferenceRouter>({ links: [link as never] });
  const procedure = (client.catalog as unknown as Record<string, typeof client.catalog.prices>)[path] as typeof client.catalog.prices;
  const { unsubscribe } = procedure.subscribe(input as never, {
    onData: (item: unknown) => seen.push(item),
    onComplete: () => ended.push("complete"),
    onError: (error) => ended.push(error.data === null || error.data === undefined ? error.message : (error.data as { code: string }).code),
  });
  return { seen, ended, unsubscribe };
}

describe("the official client over httpSubscriptionLink", () => {
  it("gets items with their ids, then the end", async () => {
    server = await openEdge();
    const { seen, ended } = subscribe(server.url);
    await until(() => ended.length > 0);
    expect({ seen, ended }).toEqual({
      seen: [1, 2, 3].map((cents) => ({ id: String(cents), data: { cents } })),
      ended: ["complete"],
    });
  });

  it("gets an error that is not worth coming back for", async () => {
    const failing = new HandTarget("catalog.ticks", spec, async function* () {
      yield 1;
      throw catalogueError("FORBIDDEN", "no more");
    });
    server = await openEdge({ more: [failing] });
    const { seen, ended } = subscribe(server.url, "ticks", undefined);
    await until(() => ended.length > 0);
    expect({ seen, ended }).toEqual({ seen: [1], ended: ["FORBIDDEN"] });
  });

  it("resumes after the last id when the stream grew too old, and misses nothing", async () => {
    server = await openEdge({ more: [ticking()], limits: { subscriptionGreatestAgeMs: 30 } });
    const { seen, unsubscribe } = subscribe(server.url, "ticks", {});
    await until(() => seen.length >= 4);
    unsubscribe();
    expect(seen.slice(0, 4)).toEqual([1, 2, 3, 4].map((number) => ({ id: String(number), data: number })));
    expect(server.targets.get("catalog.ticks")?.scopes[0]?.cancelled?.code).toBe("CANCELLED");
  });

  it("resumes when the stream had no item for too long", async () => {
    server = await openEdge({ more: [ticking()], limits: { subscriptionIdleMs: 30 } });
    const { seen, unsubscribe } = subscribe(server.url, "ticks", {});
    await until(() => seen.length >= 3);
    unsubscribe();
    expect(seen.slice(0, 3)).toEqual([1, 2, 3].map((number) => ({ id: String(number), data: number })));
  });

  it("resumes after an id that is not ASCII, over fetch", async () => {
    const ids: unknown[] = [];
    const target = new HandTarget("catalog.ticks", resumableSpec, async function* (input: { lastEventId?: string } | undefined) {
      ids.push(input?.lastEventId);
      yield { id: "Zoë \u{1f600}", data: 1 };
    } as never);
    server = await openEdge({ more: [target] });
    const options = { headers: async () => ({}), fetch, random: () => 0 };
    const source = new FetchEventSource(`${server.url}/trpc/catalog.ticks`, options);
    await until(() => ids.length >= 2);
    source.close();
    expect(ids.slice(0, 2)).toEqual([undefined, "Zoë \u{1f600}"]);
  });

  it("hands connection parameters to authenticate", async () => {
    const tokens: unknown[] = [];
    server = await openEdge({
      authenticate: ({ connectionParams }) => {
        tokens.push(connectionParams);
        return { kind: "anonymous" };
      },
    });
    const { ended } = subscribe(server.url);
    await until(() => ended.length > 0);
    expect(tokens).toEqual([{ token: "t" }]);
  });

  it("tells the target when it unsubscribes", async () => {
    const target = ticking();
    server = await openEdge({ more: [target] });
    const { seen, unsubscribe } = subscribe(server.url, "ticks", {});
    await until(() => seen.length > 0);
    unsubscribe();
    await until(() => target.scopes[0]?.cancelled !== undefined);
    expect(isHolonError(target.scopes[0]?.cancelled, "CANCELLED")).toBe(true);
    await until(() => server.edge.inFlightCount === 0);
    expect(server.edge.subscriptionCount).toBe(0);
  });
});

describe("a stream of Server-Sent Events", () => {
  it("says that it lives while there is nothing to say", async () => {
    server = await openEdge({ more: [ticking()], limits: { subscriptionHeartbeatMs: 10 } });
    let pings = 0;
    const onText = (all: string) => {
      pings = all.split("event: ping\ndata: \n\n\n").length - 1;
    };
    const answer = send(server.url, { path: "/trpc/catalog.ticks", onText });
    await until(() => pings >= 2);
    server.edge.drain();
    expect((await answer).body).toMatch(/^event: connected\ndata: \{"reconnectAfterInactivityMs":30\}\n\n\n/);
  });

  it("ends in an error event when the input does not fit or the user may not", async () => {
    server = await openEdge({
      authenticate: (request) => {
        if (request.authorization === "bad") throw catalogueError("UNAUTHORIZED", "no");
        return { kind: "anonymous" };
      },
    });
    const misfit = await get(server.url, "catalog.prices", { count: "x" });
    const unsafe = await get(server.url, "catalog.prices", { count: 1, lastEventId: "\0" });
    const stranger = await get(server.url, "catalog.prices", { count: 1 }, { authorization: "bad" });
    expect(
      [misfit, unsafe, stranger].map(({ status, body }) => [status, /serialized-error\ndata: .*"data":\{"code":"(\w+)"/.exec(body)?.[1]]),
    ).toEqual([
      [200, "BAD_REQUEST"],
      [200, "BAD_REQUEST"],
      [200, "UNAUTHORIZED"],
    ]);
  });

  it("refuses an item over the limit and an id that EventSource cannot hold", async () => {
    const large = new HandTarget("catalog.ticks", spec, async function* () {
      yield "x".repeat(2_000);
    });
    server = await openEdge({ more: [large], limits: { responseBytes: 1_000 } });
    expect((await get(server.url, "catalog.ticks")).body).toContain('"code":"PAYLOAD_TOO_LARGE"');
  });

  it("cannot be part of a batch", async () => {
    server = await openEdge();
    const { status, json } = await get(server.url, "catalog.prices?batch=1", { 0: { count: 1 } });
    expect({ status, json }).toMatchObject({ status: 400, json: [{ error: { data: { code: "BAD_REQUEST" } } }] });
  });

  it("takes no more items than its client reads, and lets go of a client that has stopped", async () => {
    let takenBytes = 0;
    const item = "x".repeat(64 * 1024);
    const endless = new HandTarget("catalog.ticks", spec, async function* () {
      for (;;) {
        takenBytes += item.length;
        yield item;
      }
    });
    server = await openEdge({ more: [endless], limits: { subscriptionIdleMs: 300, subscriptionHeartbeatMs: 20 } });
    const socket = connect({ host: "127.0.0.1", port: server.edge.port });
    socket.pause();
    socket.write("GET /trpc/catalog.ticks HTTP/1.1\r\nhost: x\r\n\r\n");
    await until(() => server.edge.subscriptionCount === 1);
    await until(() => server.edge.subscriptionCount === 0 && server.edge.inFlightCount === 0);
    socket.destroy();
    expect(takenBytes).toBeGreaterThan(0);
    expect(takenBytes).toBeLessThan(16 * 1024 * 1024);
  });

  it("ends without a return event when the process drains, so that the client comes back", async () => {
    server = await openEdge({ more: [ticking()] });
    let text = "";
    const answer = send(server.url, {
      path: "/trpc/catalog.ticks",
      onText: (all) => {
        text = all;
      },
    });
    await until(() => text.includes("id: 1"));
    server.edge.drain();
    expect((await answer).body).not.toContain("event: return");
  });
});
