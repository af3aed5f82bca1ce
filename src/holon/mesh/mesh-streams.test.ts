import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { catalogueError, HolonError } from "../kernel/holon-error.ts";
import type { Scope } from "../kernel/scope.ts";
import { eventually } from "./eventually.testing.ts";
import { MeshStage, probeTarget } from "./mesh.testing.ts";

describe("streams over the mesh", () => {
  let stage: MeshStage;
  let made = 0;
  let finished = 0;
  let scopes: Scope[];
  beforeEach(() => {
    stage = new MeshStage({ streamWindowCount: 8 });
    made = 0;
    finished = 0;
    scopes = [];
  });
  afterEach(() => stage.close());

  async function* count(scope: Scope, { to }: { to: number }): AsyncGenerator<number> {
    scopes.push(scope);
    try {
      for (let item = 1; item <= to && scope.cancelled === undefined; item++) {
        made = item;
        yield item;
      }
    } finally {
      finished++;
    }
  }

  async function* endless(scope: Scope): AsyncGenerator<number> {
    scopes.push(scope);
    try {
      yield 1;
      await new Promise((resolve) => scope.onCancel(resolve));
    } finally {
      finished++;
    }
  }

  const open = async (handler: (scope: Scope, input: never) => AsyncIterable<unknown>, to = 100, makeScope = () => stage.scope()) => {
    const server = await stage.server({ count: handler });
    const peer = stage.peer(server.port);
    await peer.ready();
    return { server, peer, stream: probeTarget(peer, "count").subscribe(makeScope(), { to })[Symbol.asyncIterator]() };
  };

  const take = async (stream: AsyncIterator<unknown>): Promise<unknown[]> => {
    const items: unknown[] = [];
    for (let step = await stream.next(); step.done !== true; step = await stream.next()) items.push(step.value);
    return items;
  };

  it("bring all items in order and end", async () => {
    const { stream, server } = await open(count);
    expect(await take(stream)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect([finished, server.stats().open]).toEqual([1, 0]);
  });

  it("deliver nothing if there are no items", async () => {
    const { stream } = await open(count, 0);
    expect(await take(stream)).toEqual([]);
  });

  it("hold the producer back while the consumer takes nothing", async () => {
    const { stream, peer } = await open(count, 1_000);
    await stream.next();
    await eventually(() => expect(made).toBe(8));
    await probeTarget(peer, "count").subscribe(stage.scope(), { to: 0 })[Symbol.asyncIterator]().next();
    expect(made).toBe(8);
    for (let taken = 0; taken < 4; taken++) await stream.next();
    await eventually(() => expect(made).toBeGreaterThan(8));
    expect(made).toBeLessThanOrEqual(5 + 8);
    await stream.return?.();
  });

  it("bring the error after the items before it", async () => {
    const { stream } = await open(async function* () {
      yield 1;
      yield 2;
      throw new HolonError("NOT_FOUND", "gone", { details: { at: 2 } });
    });
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual([1, 2]);
    await expect(stream.next()).rejects.toMatchObject({ code: "NOT_FOUND", details: { at: 2 } });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("run the producer's finally and cancel its scope when the consumer returns", async () => {
    const { stream, server } = await open(endless);
    await stream.next();
    await stream.return?.();
    await eventually(() => expect(finished).toBe(1));
    expect(scopes[0]?.cancelled).toMatchObject({ code: "CANCELLED" });
    expect(server.stats().open).toBe(0);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("end a waiting next() when the consumer returns", async () => {
    const { stream } = await open(endless);
    await stream.next();
    const waiting = stream.next();
    await stream.return?.();
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
    await eventually(() => expect(finished).toBe(1));
  });

  it("fail with the reason when the caller's scope is cancelled, and cancel the producer", async () => {
    const scope = stage.scope();
    const { stream } = await open(endless, 1, () => scope);
    await stream.next();
    const waiting = stream.next().catch((error: unknown) => error);
    const reason = catalogueError("CANCELLED", "the user left");
    scope.cancel(reason);
    await expect(waiting).resolves.toBe(reason);
    await eventually(() => expect(finished).toBe(1));
  });

  it("fail at their deadline, and cancel the producer", async () => {
    const { stream } = await open(endless, 1, () => stage.scope({ deadlineMs: 300 }));
    await stream.next();
    await expect(stream.next()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await eventually(() => expect(finished).toBe(1));
  });

  it("fail with UNAVAILABLE when the connection is lost, and cancel the producer", async () => {
    const { stream, peer } = await open(endless);
    await stream.next();
    const waiting = stream.next().catch((error: unknown) => error);
    await peer.close();
    await expect(waiting).resolves.toMatchObject({ code: "UNAVAILABLE" });
    await eventually(() => expect(finished).toBe(1));
  });

  it("end with UNAVAILABLE when the callee stops, so that the consumer can open them again", async () => {
    const { stream, server } = await open(endless);
    await stream.next();
    const waiting = stream.next().catch((error: unknown) => error);
    await server.drain();
    await expect(waiting).resolves.toMatchObject({ code: "UNAVAILABLE" });
    await eventually(() => expect(finished).toBe(1));
  });

  it("fail with PAYLOAD_TOO_LARGE if an item is too large, and end the producer", async () => {
    stage = new MeshStage({ frameBytes: 10_000 });
    const { stream } = await open(async function* () {
      try {
        yield 1;
        yield "x".repeat(20_000);
        yield 3;
      } finally {
        finished++;
      }
    });
    await stream.next();
    await expect(stream.next()).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await eventually(() => expect(finished).toBe(1));
  });

  it("refuse a bad input with the first next(), before anything is sent", async () => {
    const server = await stage.server({ count });
    const peer = stage.peer(server.port);
    const stream = probeTarget(peer, "count").subscribe(stage.scope(), { to: "many" })[Symbol.asyncIterator]();
    await expect(stream.next()).rejects.toMatchObject({ code: "BAD_REQUEST" });
    expect(scopes).toHaveLength(0);
  });

  it("open nothing if they are never read", async () => {
    const { stream, peer } = await open(count);
    await peer.ready();
    await stream.return?.();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(peer.stats()).toMatchObject({ open: 0, framesOut: 1 });
  });

  it("run at the same time as other streams and calls", async () => {
    const server = await stage.server({ count, echo: (_scope, input) => input });
    const peer = stage.peer(server.port);
    const streams = Array.from({ length: 20 }, () => take(probeTarget(peer, "count").subscribe(stage.scope(), { to: 200 })[Symbol.asyncIterator]()));
    const calls = Array.from({ length: 200 }, (_, index) => probeTarget(peer, "echo").invoke(stage.scope(), { text: String(index) }));
    expect((await Promise.all(streams)).map((items) => items.length)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await Promise.all(calls)).toHaveLength(200);
  });
});
