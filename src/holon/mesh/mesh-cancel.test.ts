import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { catalogueError } from "../kernel/holon-error.ts";
import { ANONYMOUS } from "../kernel/principal.ts";
import type { Scope } from "../kernel/scope.ts";
import { eventually } from "./eventually.testing.ts";
import { MeshStage, probeTarget, SECRET, untilCancelled } from "./mesh.testing.ts";
import { createMuteProxy } from "./mute-proxy.testing.ts";
import { RawCaller } from "./raw-caller.testing.ts";

describe("deadlines and cancellation over the mesh", () => {
  let stage: MeshStage;
  let running: Scope[];
  beforeEach(() => {
    stage = new MeshStage();
    running = [];
  });
  afterEach(() => stage.close());

  const hang = (scope: Scope): Promise<never> => {
    running.push(scope);
    return untilCancelled(scope);
  };

  it("fail the call at its deadline and cancel the callee", async () => {
    const server = await stage.server({ hang });
    const peer = stage.peer(server.port);
    await peer.ready();
    const call = probeTarget(peer, "hang").invoke(stage.scope({ deadlineMs: 100 }), undefined);
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await eventually(() => expect(running[0]?.cancelled).toBeDefined());
    expect(server.stats().open).toBe(0);
  });

  it.each([
    ["DEADLINE_EXCEEDED", [3, 7, 1]],
    ["CANCELLED", [3, 7]],
  ])("tell the callee why the caller stopped waiting: %s", async (code, frame) => {
    const server = await stage.server({ hang });
    const caller = new RawCaller(server.port);
    await caller.introduce(SECRET);
    caller.send([0, 7, 0, 0, 60_000, [0, ANONYMOUS], "", 0], frame);
    await eventually(() => expect(running[0]?.cancelled).toMatchObject({ code }));
    caller.socket.destroy();
  });

  it("keep the deadline at the callee too, if the caller's cancellation does not come", async () => {
    const server = await stage.server({ hang });
    const caller = new RawCaller(server.port);
    await caller.introduce(SECRET);
    caller.send([0, 7, 0, 0, 50, [0, ANONYMOUS], "", 0]);
    expect(await caller.untilFrame(2)).toMatchObject([2, 7, { code: "DEADLINE_EXCEEDED" }]);
    expect(running[0]?.cancelled).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    caller.socket.destroy();
  });

  it("keep the deadline at the caller too, if no answer comes", async () => {
    const server = await stage.server({ hang });
    const proxy = await createMuteProxy(server.port);
    const peer = stage.peer(proxy.port);
    await peer.ready();
    proxy.mute();
    await expect(probeTarget(peer, "hang").invoke(stage.scope({ deadlineMs: 50 }), undefined)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    proxy.close();
  });

  it("send nothing for an answer that comes after the cancellation", async () => {
    const finish: (() => void)[] = [];
    const server = await stage.server({ nothing: () => new Promise<void>((resolve) => finish.push(resolve)) });
    const caller = new RawCaller(server.port);
    await caller.introduce(SECRET);
    caller.send([0, 7, 0, 0, 60_000, [0, ANONYMOUS], "", 0], [3, 7], [8]);
    await caller.untilFrame(9);
    finish[0]?.();
    caller.send([8]);
    await caller.until(() => caller.frames().filter(([kind]) => kind === 9).length === 2);
    expect(caller.frames().map(([kind]) => kind)).toEqual([11, 9, 9]);
    caller.socket.destroy();
  });

  it("give the callee no more time than was left", async () => {
    const server = await stage.server({ hang });
    const scope = stage.scope({ deadlineMs: 500 });
    const call = probeTarget(stage.peer(server.port), "hang")
      .invoke(scope, undefined)
      .catch((error: unknown) => error);
    await eventually(() => expect(running).toHaveLength(1));
    expect((running[0] as Scope).deadlineAtMs - scope.deadlineAtMs).toBeLessThan(50);
    scope.cancel(catalogueError("CANCELLED", "enough"));
    await call;
  });

  it("send nothing for a call without time left", async () => {
    const server = await stage.server({ hang });
    const peer = stage.peer(server.port);
    await peer.ready();
    await expect(probeTarget(peer, "hang").invoke(stage.scope({ deadlineMs: -1 }), undefined)).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      executed: "no",
    });
    expect(peer.stats().framesOut).toBe(1);
  });

  it("take a call without deadline", async () => {
    const server = await stage.server({ who: (scope) => scope.deadlineAtMs });
    const scope = stage.scope({ deadlineMs: Number.POSITIVE_INFINITY });
    await expect(probeTarget(stage.peer(server.port), "who").invoke(scope, undefined)).resolves.toBeNull();
  });

  it.each([
    ["its own scope", (scope: Scope) => scope],
    ["the scope of the work that made it", (scope: Scope) => scope.parent as Scope],
  ])("end a call and its callee when %s is cancelled", async (_name, which) => {
    const server = await stage.server({ hang });
    const work = stage.scope();
    const scope = work.child("orders", work.principal, work.deadlineAtMs, undefined);
    const call = probeTarget(stage.peer(server.port), "hang")
      .invoke(scope, undefined)
      .catch((error: unknown) => error);
    await eventually(() => expect(running).toHaveLength(1));
    const reason = catalogueError("CANCELLED", "the user left");
    which(scope).cancel(reason);
    await expect(call).resolves.toBe(reason);
    await eventually(() => expect(running[0]?.cancelled).toMatchObject({ code: "CANCELLED" }));
  });

  it("send nothing for a call whose scope is cancelled already", async () => {
    const server = await stage.server({ hang });
    const peer = stage.peer(server.port);
    await peer.ready();
    const scope = stage.scope();
    scope.cancel(catalogueError("CANCELLED", "the user left"));
    await expect(probeTarget(peer, "hang").invoke(scope, undefined)).rejects.toMatchObject({ code: "CANCELLED" });
    expect(peer.stats().framesOut).toBe(1);
  });

  it("use a place again after a cancelled call without mixing up answers", async () => {
    let late: ((value: unknown) => void) | undefined;
    const server = await stage.server({
      hang: () =>
        new Promise((resolve) => {
          late = resolve;
        }),
      echo: (_scope, input) => input,
    });
    const peer = stage.peer(server.port);
    const scope = stage.scope();
    const cancelled = probeTarget(peer, "hang")
      .invoke(scope, undefined)
      .catch((error: unknown) => error);
    await eventually(() => expect(late).toBeDefined());
    scope.cancel(catalogueError("CANCELLED", "enough"));
    await cancelled;
    const next = probeTarget(peer, "echo").invoke(stage.scope(), { text: "mine" });
    late?.("not yours");
    await expect(next).resolves.toEqual({ text: "mine" });
  });

  it("cancel the callee when the caller's process closes", async () => {
    const server = await stage.server({ hang });
    const peer = stage.peer(server.port);
    const call = probeTarget(peer, "hang")
      .invoke(stage.scope(), undefined)
      .catch((error: unknown) => error);
    await eventually(() => expect(running).toHaveLength(1));
    await peer.close();
    await expect(call).resolves.toMatchObject({ code: "UNAVAILABLE", executed: "maybe" });
    await eventually(() => expect(running[0]?.cancelled).toMatchObject({ code: "CANCELLED" }));
  });
});
