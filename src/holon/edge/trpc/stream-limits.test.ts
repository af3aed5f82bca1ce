import { connect } from "node:net";
import { createTRPCClient, httpSubscriptionLink } from "@trpc/client";
import { afterEach, describe, expect, it } from "vitest";
import { createClient } from "../../client/create-client.ts";
import { contract, query, subscription } from "../../contract/index.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import type { Scope } from "../../kernel/scope.ts";
import { type EdgeUnderTest, HandTarget, openEdge, type ReferenceRouter } from "../edge.testing.ts";
import type { EdgeRequest } from "../http/edge-request.ts";
import { get, send, until } from "../http.testing.ts";
import { TestEventSource } from "./event-source.testing.ts";

let server: EdgeUnderTest;
afterEach(() => server.close());

const feed = subscription({ access: "public" });
const live = contract("catalog", { procedures: { ticks: feed, full: feed, report: query({ access: "public" }) } });

/** Gives one item, then waits for the end. */
async function* waits(_input: unknown, scope: Scope) {
  yield 1;
  await new Promise<never>((_resolve, reject) => scope.onCancel(reject));
}

const overloaded = () => catalogueError("OVERLOADED", "full", { details: { retryAfterMs: 7_000 } });

const ANN: Principal = { kind: "user", id: "ann", roles: [] };

/** How many requests came in. */
let asked = 0;

function authenticate({ authorization, connectionParams }: EdgeRequest): Principal {
  asked++;
  const id = authorization ?? connectionParams?.["token"];
  return id === undefined ? ANONYMOUS : { kind: "user", id, roles: [] };
}

async function open(limits: Partial<Limits> = {}): Promise<void> {
  asked = 0;
  const more = [
    new HandTarget("catalog.ticks", feed, waits as never),
    // biome-ignore lint/correctness/useYield: a handler that refuses a stream gives no item
    new HandTarget("catalog.full", feed, async function* () {
      throw overloaded();
    }),
    new HandTarget("catalog.report", live.procedures.report, () => {
      throw overloaded();
    }),
  ];
  server = await openEdge({ more, authenticate, limits, trustedProxies: ["127.0.0.1"] });
}

/** What an observer of a subscription received. */
interface Seen {
  readonly items: unknown[];
  readonly errors: unknown[];
  readonly states: unknown[];
  unsubscribe(): void;
}

type Observable = { subscribe(input: unknown, observer: object): { unsubscribe(): void } };

function observe(procedure: unknown): Seen {
  const [items, errors, states]: unknown[][] = [[], [], []];
  const { unsubscribe } = (procedure as Observable).subscribe(undefined, {
    onData: (item: unknown) => items?.push(item),
    onError: (error: { data?: { code: string; httpStatus: number; details: unknown } }) => errors?.push(error.data),
    onConnectionStateChange: ({ state, error }: { state: string; error: { data?: { code: string } } | null }) =>
      states?.push([state, error?.data?.code]),
  });
  return { items: items as unknown[], errors: errors as unknown[], states: states as unknown[], unsubscribe };
}

const clients = {
  "the official client over httpSubscriptionLink": (path: "ticks" | "full") => {
    const link = httpSubscriptionLink({ url: `${server.url}/trpc`, EventSource: TestEventSource as never, connectionParams: { token: "u1" } });
    const { catalog } = createTRPCClient<ReferenceRouter>({ links: [link as never] });
    return observe((catalog as unknown as Record<string, unknown>)[path]);
  },
  "the client of createClient": (path: "ticks" | "full") => {
    const { catalog } = createClient<{ catalog: typeof live }>({ url: `${server.url}/trpc`, headers: () => ({ authorization: "u1" }) });
    return observe(catalog[path]);
  },
};

describe.each(Object.entries(clients))("a stream that is refused, by %s", (_name, subscribe) => {
  it("gets a final error when its user has too many streams, and may open one again when another is closed", async () => {
    await open({ userStreamCount: 1 });
    const first = subscribe("ticks");
    await until(() => first.items.length === 1);
    const second = subscribe("ticks");
    await until(() => second.errors.length === 1);
    expect(second.errors).toMatchObject([{ code: "TOO_MANY_REQUESTS", httpStatus: 429, details: { retryAfterMs: 10_000 } }]);
    await until(() => server.edge.subscriptionCount === 1);
    first.unsubscribe();
    await until(() => server.edge.subscriptionCount === 0);
    const third = subscribe("ticks");
    await until(() => third.items.length === 1);
    expect([asked, second.items]).toEqual([3, []]);
    third.unsubscribe();
    await until(() => server.edge.inFlightCount === 0);
  });

  it("gets an error that a context is full, and tries again", async () => {
    await open();
    const { states, errors, unsubscribe } = subscribe("full");
    await until(() => states.some((state) => JSON.stringify(state) === '["connecting","OVERLOADED"]'));
    expect(errors).toEqual([]);
    unsubscribe();
  });
});

describe("a stream over a limit", () => {
  it("is answered with an error event that says when to come back, also to a client that knows nothing of tRPC", async () => {
    await open({ addressStreamCount: 1 });
    const held = send(server.url, { path: "/trpc/catalog.ticks" });
    await until(() => server.edge.subscriptionCount === 1 && server.targets.get("catalog.ticks")?.scopes.length === 1);
    const [refused, full] = [
      await get(server.url, "catalog.ticks"),
      await get(server.url, "catalog.full", undefined, { "x-forwarded-for": "10.0.0.7" }),
    ];
    expect([refused.status, refused.headers["content-type"], full.status]).toEqual([200, "text/event-stream", 200]);
    expect(refused.body).toMatch(/\n\n\nevent: serialized-error\ndata: \{.*"code":"TOO_MANY_REQUESTS".*\}\nretry: 10000\n\n\n$/);
    expect(full.body).toMatch(/\n\n\nevent: serialized-error\ndata: \{.*"code":"OVERLOADED".*\}\nretry: 7000\n\n\n$/);
    server.edge.drain();
    await held;
  });

  it("counts for the address that a trusted proxy names", async () => {
    await open({ addressStreamCount: 1 });
    const gone = new AbortController();
    const from = (address: string) =>
      send(server.url, { path: "/trpc/catalog.ticks", headers: { "x-forwarded-for": address }, signal: gone.signal }).catch(() => undefined);
    const held = [from("203.0.113.1"), from("203.0.113.2"), from("2001:db8::1")];
    await until(() => server.targets.get("catalog.ticks")?.scopes.length === 3);
    const refused = await Promise.all(
      ["203.0.113.1", "2001:db8::2"].map((address) => get(server.url, "catalog.ticks", undefined, { "x-forwarded-for": address })),
    );
    expect(refused.map(({ body }) => /"code":"(\w+)"/.exec(body)?.[1])).toEqual(["TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"]);
    gone.abort();
    await Promise.all(held);
    await until(() => server.edge.inFlightCount === 0);
  });

  it("takes no place when its client has gone before its principal is known", async () => {
    let decide: (principal: Principal) => void = () => {};
    const target = new HandTarget("catalog.ticks", feed, waits as never);
    server = await openEdge({ more: [target], limits: { userStreamCount: 1 }, authenticate: () => new Promise((resolve) => (decide = resolve)) });
    const gone = new AbortController();
    const request = send(server.url, { path: "/trpc/catalog.ticks", signal: gone.signal }).catch(() => undefined);
    await until(() => server.edge.subscriptionCount === 1);
    gone.abort();
    await request;
    await until(() => server.edge.inFlightCount === 0);
    decide(ANN);
    const next = send(server.url, { path: "/trpc/catalog.ticks" });
    await until(() => server.edge.subscriptionCount === 1);
    decide(ANN);
    await until(() => target.scopes.length === 1);
    server.edge.drain();
    expect((await next).body).not.toContain("TOO_MANY_REQUESTS");
  });

  it("gives its place back when its client goes while it waits behind another answer of its connection", async () => {
    await open({ addressStreamCount: 15 });
    const socket = connect({ host: "127.0.0.1", port: server.edge.port });
    const request = "GET /trpc/catalog.ticks HTTP/1.1\r\nhost: x\r\n\r\n";
    socket.write(request.repeat(15));
    await until(() => server.targets.get("catalog.ticks")?.scopes.length === 15);
    expect([server.edge.subscriptionCount, server.edge.inFlightCount]).toEqual([15, 15]);
    socket.destroy();
    await until(() => server.edge.subscriptionCount === 0 && server.edge.inFlightCount === 0);
    expect(server.targets.get("catalog.ticks")?.scopes.every((scope) => scope.cancelled?.code === "CANCELLED")).toBe(true);
    const next = send(server.url, { path: "/trpc/catalog.ticks" });
    await until(() => server.edge.subscriptionCount === 1 && server.targets.get("catalog.ticks")?.scopes.length === 16);
    server.edge.drain();
    await next;
  });

  it("says when to come back in the header of a call too, if a call passes it on", async () => {
    await open();
    const { status, headers } = await get(server.url, "catalog.report");
    expect([status, headers["retry-after"]]).toEqual([503, "7"]);
  });
});
