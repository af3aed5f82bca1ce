import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { catalogueError, type Scope, systemClock } from "../../kernel/index.ts";
import { MeshStage, probeTarget, untilCancelled } from "./mesh.testing.ts";

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
    const call = probeTarget(stage.peer(server.port), "hang").invoke(stage.scope({ deadlineMs: 100 }), undefined);
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await vi.waitFor(() => expect(running[0]?.cancelled).toBeDefined());
    expect(server.stats().open).toBe(0);
  });

  it("let the callee keep the deadline by itself where the caller's word is lost", async () => {
    const server = await stage.server({ hang });
    const peer = stage.peer(server.port, { clock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() } });
    const scope = stage.scope({ deadlineMs: 100 });
    const call = probeTarget(peer, "hang")
      .invoke(scope, undefined)
      .catch((error: unknown) => error);
    await vi.waitFor(() => expect(running[0]?.cancelled).toMatchObject({ code: expect.stringMatching(/DEADLINE_EXCEEDED|CANCELLED/) as unknown }));
    await expect(call).resolves.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  it("give the callee no more time than was left", async () => {
    const server = await stage.server({ hang });
    const scope = stage.scope({ deadlineMs: 500 });
    const call = probeTarget(stage.peer(server.port), "hang")
      .invoke(scope, undefined)
      .catch((error: unknown) => error);
    await vi.waitFor(() => expect(running).toHaveLength(1));
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
    await vi.waitFor(() => expect(running).toHaveLength(1));
    const reason = catalogueError("CANCELLED", "the user left");
    which(scope).cancel(reason);
    await expect(call).resolves.toBe(reason);
    await vi.waitFor(() => expect(running[0]?.cancelled).toMatchObject({ code: "CANCELLED" }));
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
    await vi.waitFor(() => expect(late).toBeDefined());
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
    await vi.waitFor(() => expect(running).toHaveLength(1));
    await peer.close();
    await expect(call).resolves.toMatchObject({ code: "UNAVAILABLE", executed: "maybe" });
    await vi.waitFor(() => expect(running[0]?.cancelled).toMatchObject({ code: "CANCELLED" }));
  });
});
