import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { ANONYMOUS } from "../kernel/principal.ts";
import { Timers } from "../kernel/timers.ts";
import { eventually } from "./eventually.testing.ts";
import { createMemoryLogger, type MemoryLogger, MeshStage, probeTarget, SECRET, untilCancelled } from "./mesh.testing.ts";
import { createMuteProxy } from "./mute-proxy.testing.ts";
import { RawCaller } from "./raw-caller.testing.ts";

/** A well-formed call of `hang`. */
const call = (id: number): unknown[] => [0, id, 1, 0, 60_000, [0, ANONYMOUS], "", 0];

describe("a faulty peer", () => {
  let stage: MeshStage;
  let memory: MemoryLogger;
  let entered = 0;
  const sockets: Socket[] = [];
  beforeEach(() => {
    stage = new MeshStage();
    memory = createMemoryLogger();
    entered = 0;
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await stage.close();
  });

  const handlers = {
    hang: (scope: Parameters<typeof untilCancelled>[0]) => {
      entered++;
      return untilCancelled(scope);
    },
    echo: (_scope: unknown, input: unknown) => input,
  };
  const introduced = async (port: number, frameBytes?: number): Promise<RawCaller> => {
    const caller = new RawCaller(port);
    sockets.push(caller.socket);
    await caller.introduce(SECRET, ["orders"], frameBytes);
    return caller;
  };
  const reasons = (): unknown[] => memory.lines.filter((line) => line.message === "mesh connection closed").map((line) => line.fields.reason);

  it.each([
    ["garbage", (caller: RawCaller) => caller.socket.write("\u0000\u0001 not a frame\n"), "a frame is not JSON"],
    ["HTTP", (caller: RawCaller) => caller.socket.write("GET / HTTP/1.1\r\n\r\n"), "a frame is not JSON"],
    ["bytes that are not UTF-8", (caller: RawCaller) => caller.socket.write(Buffer.from([0x5b, 0xff, 0x5d, 0x2c, 0x0a])), "a frame is not UTF-8"],
    ["a frame that is not an array", (caller: RawCaller) => caller.send({ id: 1 }), "a frame is not an array that begins with its kind"],
    ["a frame whose kind is a fraction", (caller: RawCaller) => caller.send([0.5, 1]), "a frame has a kind that is not a whole number"],
    ["a frame whose kind is negative", (caller: RawCaller) => caller.send([-1, 1]), "a frame has a kind that is not a whole number"],
    [
      "an answer, which only callees send",
      (caller: RawCaller) => caller.send([1, 1, "x"]),
      "the peer sent a frame of kind 1, which this end of a connection does not accept after the greeting",
    ],
    [
      "a name for the number of a procedure",
      (caller: RawCaller) => caller.send([0, 1, "length", 0, 1_000, [0, ANONYMOUS], "", 0]),
      "a call does not give its procedure and its calling context as numbers",
    ],
    [
      "a name for the number of a context",
      (caller: RawCaller) => caller.send([0, 1, 0, "length", 1_000, [0, ANONYMOUS], "", 0]),
      "a call does not give its procedure and its calling context as numbers",
    ],
    [
      "an object for the id of a call to cancel",
      (caller: RawCaller) => caller.send([3, { valueOf: 1, toString: 1 }]),
      "a frame does not say which call it belongs to",
    ],
    ["a credit for no call", (caller: RawCaller) => caller.send([7, [0], 1]), "a frame does not say which call it belongs to"],
    ["a credit that is not a count", (caller: RawCaller) => caller.send([7, 1, 0.5]), "a credit is not a valid count"],
    ["a call without id", (caller: RawCaller) => caller.send([0, "x", 0, 0, 1_000, [0, ANONYMOUS], "", 0]), "a call has no id"],
    [
      "a call without principal",
      (caller: RawCaller) => caller.send([0, 1, 0, 0, 1_000, 3, "", 0]),
      "a call names no valid principal, or one that was not sent before",
    ],
    [
      "a call with odd extras",
      (caller: RawCaller) => caller.send([0, 1, 0, 0, 1_000, [0, ANONYMOUS], "", { key: 5 }]),
      "the extras of a call are malformed",
    ],
    [
      "a call without time",
      (caller: RawCaller) => caller.send([0, 1, 0, 0, null, [0, ANONYMOUS], "", 0]),
      "a call has no valid remaining time or no traceparent",
    ],
    ["an id that is in use", (caller: RawCaller) => caller.send(call(1), call(1)), "the id 1 is in use"],
    ["a frame cut off", (caller: RawCaller) => caller.socket.end('[0,1,0,0,1000,[0,{"kind":"anon'), "the peer cut the connection inside a frame"],
  ])("that sends %s is closed with the reason, and other peers go on", async (_name, act, reason) => {
    const server = await stage.server(handlers, { log: memory.log });
    const peer = stage.peer(server.port);
    await peer.ready();
    const caller = await introduced(server.port);
    act(caller);
    await caller.untilClosed();
    expect(reasons()).toEqual([reason]);
    await expect(probeTarget(peer, "echo").invoke(stage.scope(), { text: "alive" })).resolves.toEqual({ text: "alive" });
  });

  it("that sends a frame over the limit is closed before it has sent the whole frame", async () => {
    stage = new MeshStage({ frameBytes: 10_000 });
    const server = await stage.server(handlers, { log: memory.log });
    const caller = await introduced(server.port);
    caller.socket.write(`[0,"${"x".repeat(20_000)}`);
    await caller.untilClosed();
    expect(reasons()).toEqual(["a frame is larger than 10000 bytes (limit frameBytes)"]);
  });

  it("that uses an id twice has its handler entered once", async () => {
    const server = await stage.server(handlers);
    const caller = await introduced(server.port);
    caller.send(call(1), call(1));
    await caller.untilClosed();
    expect(entered).toBe(1);
  });

  it("may cancel and credit a call that is not open", async () => {
    const server = await stage.server(handlers);
    const caller = await introduced(server.port);
    caller.send([3, 7], [7, 8, 5], [8]);
    await caller.untilFrame(9);
    expect(server.connections()).toBe(1);
  });

  it("that does not read its answers is not read from either, until it reads them", async () => {
    const text = "x".repeat(100_000);
    const server = await stage.server({
      echo: () => {
        entered++;
        return { text };
      },
    });
    const caller = await introduced(server.port);
    caller.socket.pause();
    caller.keeps = false;
    const before = caller.receivedBytes;
    const send = (id: number): void => caller.send([0, id, 0, 0, 60_000, [0, ANONYMOUS], "", 0, { text }]);
    for (let id = 1; id <= 400; id++) send(id);
    await eventually(() => expect(entered).toBeGreaterThan(10));
    // The number of bytes that the callee takes stops growing: they fill no more than its own buffer and those of the two sockets.
    let seen = -1;
    await eventually(() => {
      const stands = seen === entered;
      seen = entered;
      expect(stands).toBe(true);
    }, 100);
    expect(entered).toBeLessThan(400);
    caller.socket.resume();
    await caller.until(() => caller.receivedBytes - before > 400 * text.length);
    expect(entered).toBe(400);
  });

  it("that reads nothing makes new calls fail with OVERLOADED, and the memory stays bounded", async () => {
    stage = new MeshStage({ meshBacklogBytes: 1_000_000, meshSilenceMs: 60_000 });
    const deaf = await createMuteProxy((await stage.server(handlers)).port);
    sockets.push(...deaf.sockets);
    const peer = stage.peer(deaf.port);
    await peer.ready();
    deaf.mute();
    const results = [];
    const scope = stage.scope();
    for (let index = 0; index < 200; index++) {
      results.push(
        probeTarget(peer, "echo")
          .invoke(scope, { text: "x".repeat(100_000) })
          .then(
            () => "answered",
            (error: { code: string; executed: string }) => `${error.code} ${error.executed}`,
          ),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
    await peer.close();
    deaf.close();
    const outcomes = await Promise.all(results);
    expect(outcomes.filter((outcome) => outcome === "OVERLOADED no").length).toBeGreaterThan(50);
    expect(new Set(outcomes)).toEqual(new Set(["OVERLOADED no", "UNAVAILABLE maybe"]));
  });

  it("that falls silent is closed, and its calls fail with UNAVAILABLE", async () => {
    stage = new MeshStage({ meshPingMs: 50, meshSilenceMs: 200 });
    const server = await stage.server(handlers);
    const deaf = await createMuteProxy(server.port);
    const peer = stage.peer(deaf.port);
    await peer.ready();
    const lost = probeTarget(peer, "hang")
      .invoke(stage.scope(), undefined)
      .catch((error: unknown) => error);
    await eventually(() => expect(entered).toBe(1));
    deaf.mute();
    await expect(lost).resolves.toMatchObject({
      code: "UNAVAILABLE",
      executed: "maybe",
      cause: { message: expect.stringContaining("silent for 200 ms") as unknown },
    });
    await eventually(() => expect(server.connections()).toBe(0));
    deaf.close();
  });

  it("is not counted as silent if this process itself was stopped", async () => {
    let jumpMs = 0;
    const clock: Clock = { nowMs: () => systemClock.nowMs(), monotonicMs: () => systemClock.monotonicMs() + jumpMs };
    stage = new MeshStage({ meshPingMs: 50, meshSilenceMs: 30_000 });
    const timers = new Timers(() => clock.monotonicMs());
    const proxy = await createMuteProxy((await stage.server(handlers)).port);
    const peer = stage.peer(proxy.port, { clock, timers, log: memory.log });
    await peer.ready();
    proxy.mute();
    const { framesOut } = peer.stats();
    await eventually(() => expect(peer.stats().framesOut).toBeGreaterThan(framesOut));
    jumpMs = 60_000;
    const { framesOut: before } = peer.stats();
    await eventually(() => expect(peer.stats().framesOut).toBeGreaterThan(before));
    expect(reasons()).toEqual([]);
    await peer.close();
    proxy.close();
    timers.close();
  });

  it("that is idle and answers pings stays connected", async () => {
    stage = new MeshStage({ meshPingMs: 20, meshSilenceMs: 60 });
    const server = await stage.server(handlers);
    const peer = stage.peer(server.port);
    await peer.ready();
    await eventually(() => expect(peer.stats().framesIn).toBeGreaterThan(10));
    expect([peer.state().status, server.connections()]).toEqual(["ready", 1]);
  });
});
