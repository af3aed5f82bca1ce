import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ANONYMOUS } from "../kernel/principal.ts";
import { eventually } from "./eventually.testing.ts";
import { MeshStage, probeTarget, SECRET, untilCancelled } from "./mesh.testing.ts";
import { RawCaller } from "./raw-caller.testing.ts";

describe("a server that stops", () => {
  let stage: MeshStage;
  let answer: (() => void) | undefined;
  let entered = 0;
  beforeEach(() => {
    stage = new MeshStage();
    answer = undefined;
    entered = 0;
  });
  afterEach(() => stage.close());

  const held = {
    nothing: () => {
      entered++;
      return new Promise<void>((resolve) => {
        answer = resolve;
      });
    },
    echo: (_scope: unknown, input: unknown) => input,
  };

  it("answers what is in flight and then ends", async () => {
    const server = await stage.server(held);
    const peer = stage.peer(server.port);
    const inFlight = probeTarget(peer, "nothing").invoke(stage.scope(), undefined);
    await eventually(() => expect(entered).toBe(1));
    const drained = server.drain();
    await eventually(() => expect(peer.state().status).toBe("connecting"));
    answer?.();
    await expect(inFlight).resolves.toBeUndefined();
    await drained;
    expect(server.connections()).toBe(0);
  });

  it("refuses a call that crosses its goodbye, and does not run it", async () => {
    const server = await stage.server(held);
    const caller = new RawCaller(server.port);
    await caller.introduce(SECRET);
    caller.send([0, 1, 1, 0, 60_000, [0, ANONYMOUS], "", 0]);
    await eventually(() => expect(entered).toBe(1));
    const drained = server.drain();
    caller.send([0, 2, 1, 0, 60_000, 0, "", 0]);
    expect(await caller.untilFrame(10)).toEqual([10]);
    expect(await caller.untilFrame(2)).toMatchObject([2, 2, { code: "UNAVAILABLE", executed: "no" }]);
    answer?.();
    await drained;
    await caller.untilClosed();
    expect(entered).toBe(1);
  });

  it("leaves new calls of its callers to the process that took its place", async () => {
    const server = await stage.server(held);
    const peer = stage.peer(server.port, { random: () => 0 });
    const inFlight = probeTarget(peer, "nothing").invoke(stage.scope(), undefined);
    await eventually(() => expect(entered).toBe(1));
    const drained = server.drain();
    await eventually(() => expect(peer.state().status).toBe("connecting"));
    const successor = await stage.server({ echo: () => ({ text: "successor" }) }, { port: server.port });
    await expect(probeTarget(peer, "echo").invoke(stage.scope(), { text: "x" })).resolves.toEqual({ text: "successor" });
    answer?.();
    await inFlight;
    await drained;
    expect([peer.state().status, successor.connections()]).toEqual(["ready", 1]);
  });

  it("waits for work in flight no longer than graceMs", async () => {
    stage = new MeshStage({ graceMs: 50 });
    const server = await stage.server({ hang: untilCancelled });
    const peer = stage.peer(server.port);
    const hanging = probeTarget(peer, "hang")
      .invoke(stage.scope(), undefined)
      .catch((error: unknown) => error);
    await eventually(() => expect(server.stats().open).toBe(1));
    await server.drain();
    await server.close();
    await expect(hanging).resolves.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("drains at once if no peer is connected", async () => {
    const server = await stage.server(held);
    await expect(server.drain()).resolves.toBeUndefined();
  });

  it("refuses to open a port that is taken, naming it", async () => {
    const server = await stage.server(held);
    await expect(stage.server(held, { port: server.port })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(String(server.port)) as unknown,
    });
  });
});
