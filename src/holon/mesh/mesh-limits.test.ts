import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { ANONYMOUS } from "../kernel/principal.ts";
import type { Scope } from "../kernel/scope.ts";
import { eventually } from "./eventually.testing.ts";
import { MeshStage, probeTarget, SECRET, untilCancelled } from "./mesh.testing.ts";
import { RawCaller } from "./raw-caller.testing.ts";

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "answered",
    (error: { code: string; executed: string }) => `${error.code} ${error.executed}`,
  );

describe("limits of a mesh connection", () => {
  let stage: MeshStage;
  let entered = 0;
  let finish: (() => void)[];
  const callers: RawCaller[] = [];
  beforeEach(() => {
    stage = new MeshStage();
    entered = 0;
    finish = [];
  });
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.socket.destroy();
    await stage.close();
  });

  const text = "x".repeat(1_000_000);
  const handlers = {
    /** Target 0. */
    nothing: () => {
      entered++;
      return new Promise<void>((resolve) => finish.push(resolve));
    },
    /** Target 1. */
    who: () => new Promise((resolve) => finish.push(() => resolve(text))),
    /** Target 2. */
    async *count() {
      for (;;) {
        entered++;
        yield text;
      }
    },
  };
  const idle = async function* (scope: Scope) {
    yield await untilCancelled(scope);
  };
  const introduced = async (port: number): Promise<RawCaller> => {
    const caller = new RawCaller(port);
    callers.push(caller);
    await caller.introduce(SECRET, ["orders"], DEFAULT_LIMITS.frameBytes);
    return caller;
  };
  const call = (id: number, target: number): unknown[] => [0, id, target, 0, 60_000, [0, ANONYMOUS], "", 0];

  it("keep calls over the number of open ones at the caller", async () => {
    const server = await stage.server(handlers);
    const peer = stage.peer(server.port, { limits: { ...DEFAULT_LIMITS, meshConcurrencyCount: 3 } });
    await peer.ready();
    const calls = Array.from({ length: 5 }, () => codeOf(probeTarget(peer, "nothing").invoke(stage.scope(), undefined)));
    await eventually(() => expect(entered).toBe(3));
    for (const done of finish) done();
    expect((await Promise.all(calls)).sort()).toEqual(["OVERLOADED no", "OVERLOADED no", "answered", "answered", "answered"]);
  });

  it("keep calls over the number of open ones out of the handlers", async () => {
    stage = new MeshStage({ meshConcurrencyCount: 2 });
    const server = await stage.server(handlers);
    const caller = await introduced(server.port);
    caller.send(call(1, 0), call(2, 0), call(3, 0));
    expect(await caller.untilFrame(2)).toMatchObject([2, 3, { code: "OVERLOADED", executed: "no" }]);
    expect(entered).toBe(2);
  });

  it("count calls and streams apart: each can be opened while the other is at its limit", async () => {
    const server = await stage.server({ ...handlers, count: idle });
    const peer = stage.peer(server.port, { limits: { ...DEFAULT_LIMITS, meshConcurrencyCount: 2, meshStreamCount: 3 } });
    await peer.ready();
    const streams = Array.from({ length: 4 }, () => probeTarget(peer, "count").subscribe(stage.scope(), { to: 1 })[Symbol.asyncIterator]());
    const steps = streams.map((stream) => codeOf(stream.next()));
    const calls = Array.from({ length: 3 }, () => codeOf(probeTarget(peer, "nothing").invoke(stage.scope(), undefined)));
    expect(await Promise.all([steps[3], calls[2]])).toEqual(["OVERLOADED no", "OVERLOADED no"]);
    await eventually(() => expect([entered, peer.stats().open, server.stats().open]).toEqual([2, 5, 5]));
    for (const done of finish) done();
    for (const stream of streams) await stream.return?.();
    expect(await Promise.all([...steps.slice(0, 3), ...calls.slice(0, 2)])).toEqual(["answered", "answered", "answered", "answered", "answered"]);
    await eventually(() => expect([peer.stats().open, server.stats().open]).toEqual([0, 0]));
    const again = probeTarget(peer, "count").subscribe(stage.scope(), { to: 1 })[Symbol.asyncIterator]();
    const step = again.next();
    await eventually(() => expect(server.stats().open).toBe(1));
    await again.return?.();
    expect(await step).toMatchObject({ done: true });
  });

  it("count calls and streams apart at the callee too, even if the caller does not", async () => {
    stage = new MeshStage({ meshConcurrencyCount: 1, meshStreamCount: 1 });
    const server = await stage.server({ ...handlers, count: idle });
    const caller = await introduced(server.port);
    const stream = (id: number): unknown[] => [4, id, 2, 0, 60_000, [0, ANONYMOUS], "", 0, 8];
    caller.send(stream(1), call(2, 0), stream(3), call(4, 0));
    await caller.until(() => caller.frames().filter(([kind]) => kind === 2).length === 2);
    expect(caller.frames().filter(([kind]) => kind === 2)).toMatchObject([
      [2, 3, { code: "OVERLOADED", message: expect.stringContaining("meshStreamCount"), details: { retryAfterMs: 10_000 } }],
      [2, 4, { code: "OVERLOADED", message: expect.stringContaining("meshConcurrencyCount") }],
    ]);
    expect([entered, server.stats().open]).toEqual([1, 2]);
  });

  it("count calls and streams that wait for a connection apart", async () => {
    const server = await stage.server(handlers);
    await server.close();
    const peer = stage.peer(server.port, { limits: { ...DEFAULT_LIMITS, meshConcurrencyCount: 1, meshStreamCount: 2 } });
    const scope = () => stage.scope({ deadlineMs: 50 });
    const streams = Array.from({ length: 3 }, () => codeOf(probeTarget(peer, "count").subscribe(scope(), { to: 1 })[Symbol.asyncIterator]().next()));
    const calls = Array.from({ length: 2 }, () => codeOf(probeTarget(peer, "nothing").invoke(scope(), undefined)));
    expect(await Promise.all([...streams, ...calls])).toEqual([
      "UNAVAILABLE no",
      "UNAVAILABLE no",
      "OVERLOADED no",
      "UNAVAILABLE no",
      "OVERLOADED no",
    ]);
  });

  it("refuse calls over the number of those that may wait for a connection", async () => {
    const server = await stage.server(handlers);
    await server.close();
    const peer = stage.peer(server.port, { limits: { ...DEFAULT_LIMITS, meshConcurrencyCount: 3 } });
    const calls = Array.from({ length: 5 }, () => codeOf(probeTarget(peer, "nothing").invoke(stage.scope({ deadlineMs: 50 }), undefined)));
    expect((await Promise.all(calls)).sort()).toEqual(["OVERLOADED no", "OVERLOADED no", "UNAVAILABLE no", "UNAVAILABLE no", "UNAVAILABLE no"]);
  });

  it("drop large answers for a caller that does not read the earlier ones, and send a short error instead", async () => {
    stage = new MeshStage({ meshBacklogBytes: 2_000_000 });
    const server = await stage.server(handlers);
    const caller = await introduced(server.port);
    for (let id = 1; id <= 40; id++) caller.send(call(id, 1));
    await eventually(() => expect(finish).toHaveLength(40));
    caller.socket.pause();
    for (const done of finish.slice(0, 30)) done();
    await new Promise((resolve) => setImmediate(resolve));
    for (const done of finish.slice(30)) done();
    caller.socket.resume();
    await caller.until(() => caller.receivedBytes > 30 * text.length && caller.received.includes("meshBacklogBytes"));
    const frames = caller.frames();
    expect(frames.filter(([kind]) => kind === 1)).toHaveLength(30);
    expect(frames.find(([kind]) => kind === 2)).toMatchObject([2, 31, { code: "UNAVAILABLE", executed: "yes" }]);
  });

  it("slow a stream down to what the consumer's socket reads, even if its credit is greater", async () => {
    const server = await stage.server(handlers);
    const caller = await introduced(server.port);
    caller.socket.pause();
    caller.keeps = false;
    caller.send([4, 1, 2, 0, 60_000, [0, ANONYMOUS], "", 0, 1_000_000]);
    let seen = -1;
    await eventually(() => {
      const stands = seen === entered && entered > 0;
      seen = entered;
      expect(stands).toBe(true);
    }, 100);
    expect(entered).toBeLessThan(50);
    caller.socket.resume();
    await eventually(() => expect(entered).toBeGreaterThan(50));
  });

  it.each([
    ["a subscription", 2, call(1, 2)],
    ["a call", 0, [4, 1, 0, 0, 60_000, [0, ANONYMOUS], "", 0, 8]],
  ])("refuse to open %s as the other", async (_name, _target, frame) => {
    const server = await stage.server(handlers);
    const caller = await introduced(server.port);
    caller.send(frame);
    expect(await caller.untilFrame(2)).toMatchObject([2, 1, { code: "METHOD_NOT_SUPPORTED" }]);
    expect(entered).toBe(0);
  });
});
