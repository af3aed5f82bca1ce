import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ANONYMOUS, DEFAULT_LIMITS } from "../kernel/index.ts";
import { eventually } from "./eventually.testing.ts";
import { MeshStage, probeTarget, SECRET } from "./mesh.testing.ts";
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
  const introduced = async (port: number): Promise<RawCaller> => {
    const caller = new RawCaller(port);
    callers.push(caller);
    await caller.introduce(SECRET, ["orders"], DEFAULT_LIMITS.frameBytes);
    return caller;
  };
  const call = (id: number, target: number): unknown[] => [0, id, target, 0, 60_000, [0, ANONYMOUS], "", 0];

  it("keep calls over the number of open ones from leaving the caller", async () => {
    const server = await stage.server(handlers);
    const peer = stage.peer(server.port, { limits: { ...DEFAULT_LIMITS, meshConcurrencyCount: 3 } });
    await peer.ready();
    const calls = Array.from({ length: 5 }, () => codeOf(probeTarget(peer, "nothing").invoke(stage.scope(), undefined)));
    await eventually(() => expect(entered).toBe(3));
    for (const done of finish) done();
    expect((await Promise.all(calls)).sort()).toEqual(["OVERLOADED no", "OVERLOADED no", "answered", "answered", "answered"]);
  });

  it("keep calls over the number of open ones from entering a handler", async () => {
    stage = new MeshStage({ meshConcurrencyCount: 2 });
    const server = await stage.server(handlers);
    const caller = await introduced(server.port);
    caller.send(call(1, 0), call(2, 0), call(3, 0));
    expect(await caller.untilFrame(2)).toMatchObject([2, 3, { code: "OVERLOADED", executed: "no" }]);
    expect(entered).toBe(2);
  });

  it("keep calls over the number of waiting ones from waiting for a connection", async () => {
    const server = await stage.server(handlers);
    await server.close();
    const peer = stage.peer(server.port, { limits: { ...DEFAULT_LIMITS, meshConcurrencyCount: 3 } });
    const calls = Array.from({ length: 5 }, () => codeOf(probeTarget(peer, "nothing").invoke(stage.scope({ deadlineMs: 50 }), undefined)));
    expect((await Promise.all(calls)).sort()).toEqual(["OVERLOADED no", "OVERLOADED no", "UNAVAILABLE no", "UNAVAILABLE no", "UNAVAILABLE no"]);
  });

  it("drop large answers for a caller that does not take the earlier ones, and say so in short", async () => {
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

  it("hold a stream back by what the consumer's socket takes, whatever credit it gives", async () => {
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
  ])("do not let %s be opened as the other", async (_name, _target, frame) => {
    const server = await stage.server(handlers);
    const caller = await introduced(server.port);
    caller.send(frame);
    expect(await caller.untilFrame(2)).toMatchObject([2, 1, { code: "METHOD_NOT_SUPPORTED" }]);
    expect(entered).toBe(0);
  });
});
