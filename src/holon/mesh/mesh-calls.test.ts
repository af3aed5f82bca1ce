import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HolonError } from "../kernel/holon-error.ts";
import type { Scope } from "../kernel/scope.ts";
import { createProbeTargets, MeshStage, probe, probeTarget } from "./mesh.testing.ts";

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => ({ resolved: value }),
    (error: unknown) => error,
  );

describe("calls over the mesh", () => {
  let stage: MeshStage;
  beforeEach(() => {
    stage = new MeshStage();
  });
  afterEach(() => stage.close());

  it("answer with what the callee answered", async () => {
    const server = await stage.server({ echo: (_scope, input: { text: string }) => ({ text: `${input.text}!` }) });
    const echo = probeTarget(stage.peer(server.port), "echo");
    await expect(echo.invoke(stage.scope(), { text: "ünï\n,\ncode" })).resolves.toEqual({ text: "ünï\n,\ncode!" });
  });

  it("return undefined if the callee answers nothing", async () => {
    const server = await stage.server({ nothing: () => undefined });
    await expect(probeTarget(stage.peer(server.port), "nothing").invoke(stage.scope(), undefined)).resolves.toBeUndefined();
  });

  it("fail with a declared error's code, message, details and status, without the callee's cause", async () => {
    const server = await stage.server({
      fail: () => {
        throw new HolonError("OUT_OF_STOCK", "Only 3 left.", { details: { available: 3 }, status: 410, cause: new TypeError("inside") });
      },
    });
    const error = await rejection(probeTarget(stage.peer(server.port), "fail").invoke(stage.scope(), { code: "x" }));
    expect(error).toMatchObject({ code: "OUT_OF_STOCK", message: "Only 3 left.", details: { available: 3 }, status: 410, executed: "no" });
    expect(error).not.toHaveProperty("cause");
  });

  it("show nothing of an error that no target should throw", async () => {
    const server = await stage.server({
      fail: () => {
        throw new TypeError("password=hunter2");
      },
    });
    const error = await rejection(probeTarget(stage.peer(server.port), "fail").invoke(stage.scope(), { code: "x" }));
    expect(error).toMatchObject({ code: "INTERNAL", message: "The call failed." });
  });

  it("fail with INTERNAL if a target throws before it returns a promise", async () => {
    const [echo] = createProbeTargets(probe, { echo: () => "" }).values();
    const broken = {
      ...echo,
      invoke: () => {
        throw new TypeError("broken");
      },
    } as unknown as typeof echo;
    const server = await stage.server({}, { targets: new Map([["probe.echo", broken as NonNullable<typeof echo>]]) });
    await expect(probeTarget(stage.peer(server.port), "echo").invoke(stage.scope(), { text: "x" })).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("carry principal, caller, key, trace, time left and initiator", async () => {
    const seen: Scope[] = [];
    const server = await stage.server({ who: (scope) => seen.push(scope) });
    const who = probeTarget(stage.peer(server.port), "who");
    const job = stage.scope({ principal: { kind: "user", id: "ann", roles: ["buyer"] }, key: "k-1", deadlineMs: 5_000 });
    const system = { kind: "system", context: "orders", task: "job sendReceipt" } as const;
    const scope = job.child("orders", system, job.deadlineAtMs, "k-2");
    await who.invoke(job, undefined);
    await who.invoke(scope, undefined);
    const [direct, nested] = seen as [Scope, Scope];

    expect(direct).toMatchObject({ principal: job.principal, caller: "orders", key: "k-1", initiator: job.principal });
    expect(direct.trace).toMatchObject({ traceId: job.trace.traceId, parentSpanId: job.trace.spanId });
    expect(direct.deadlineAtMs - job.deadlineAtMs).toBeLessThan(1_000);
    expect(nested).toMatchObject({ principal: system, key: "k-2", initiator: job.principal });
  });

  it("carry the initiator of a system's work", async () => {
    const seen: Scope[] = [];
    const server = await stage.server({ who: (scope) => seen.push(scope) });
    const ann = { kind: "user", id: "ann", roles: [] } as const;
    const scope = stage.scope({ principal: { kind: "system", context: "orders", task: "job x" }, initiator: ann });
    await probeTarget(stage.peer(server.port), "who").invoke(scope, undefined);
    expect(seen[0]).toMatchObject({ principal: scope.principal, initiator: ann });
  });

  it("make up a key for an idempotent mutation that has none", async () => {
    const keys: unknown[] = [];
    const server = await stage.server({ pay: (scope) => String(keys.push(scope.key)), nothing: (scope) => void keys.push(scope.key) });
    const peer = stage.peer(server.port, { newKey: () => "made-up" });
    await probeTarget(peer, "pay").invoke(stage.scope(), undefined);
    await probeTarget(peer, "pay").invoke(stage.scope({ key: "given" }), undefined);
    await probeTarget(peer, "nothing").invoke(stage.scope(), undefined);
    expect(keys).toEqual(["made-up", "given", undefined]);
  });

  it("refuse an input that does not fit its schema before anything is sent", async () => {
    const server = await stage.server({ echo: () => ({ text: "" }) });
    const peer = stage.peer(server.port);
    await peer.ready();
    const { framesOut } = peer.stats();
    await expect(probeTarget(peer, "echo").invoke(stage.scope(), { text: 5 })).rejects.toMatchObject({
      code: "BAD_REQUEST",
      details: { issues: [{ path: "text" }] },
    });
    expect(peer.stats().framesOut).toBe(framesOut);
  });

  it("refuse a principal without access before anything is sent", async () => {
    const server = await stage.server({ mine: () => "" });
    const peer = stage.peer(server.port);
    await expect(probeTarget(peer, "mine").invoke(stage.scope({ principal: { kind: "anonymous" } }), undefined)).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
  });

  it("send what the schema keeps of an input that JSON cannot carry", async () => {
    const server = await stage.server({ echo: (_scope, input) => input });
    await expect(probeTarget(stage.peer(server.port), "echo").invoke(stage.scope(), { text: "x", surplus: 21n })).resolves.toEqual({ text: "x" });
  });

  it("fail alone if the answer is too large, and say that the handler ran", async () => {
    stage = new MeshStage({ frameBytes: 10_000 });
    const server = await stage.server({ big: (_scope, input: { length: number }) => "x".repeat(input.length) });
    const big = probeTarget(stage.peer(server.port), "big");
    const [large, small] = await Promise.all([rejection(big.invoke(stage.scope(), { length: 10_001 })), big.invoke(stage.scope(), { length: 10 })]);
    expect(large).toMatchObject({ code: "PAYLOAD_TOO_LARGE", executed: "yes" });
    expect(small).toBe("xxxxxxxxxx");
  });

  it("fail alone if the input is too large, and are not sent", async () => {
    stage = new MeshStage({ frameBytes: 10_000 });
    const server = await stage.server({ echo: (_scope, input) => input });
    const echo = probeTarget(stage.peer(server.port), "echo");
    const [large, small] = await Promise.all([
      rejection(echo.invoke(stage.scope(), { text: "é".repeat(5_001) })),
      echo.invoke(stage.scope(), { text: "x" }),
    ]);
    expect(large).toMatchObject({ code: "PAYLOAD_TOO_LARGE", executed: "no" });
    expect(small).toEqual({ text: "x" });
  });

  it("carry 3 MB of other scripts both ways", async () => {
    const server = await stage.server({ echo: (_scope, input) => input });
    const text = "данные 数据 🎲".repeat(100_000);
    await expect(probeTarget(stage.peer(server.port), "echo").invoke(stage.scope(), { text })).resolves.toEqual({ text });
  });

  it("fail with the error without its details if they are too large to send", async () => {
    stage = new MeshStage({ frameBytes: 10_000 });
    const server = await stage.server({
      fail: () => {
        throw new HolonError("OUT_OF_STOCK", "None.", { details: { text: "x".repeat(20_000) } });
      },
    });
    await expect(probeTarget(stage.peer(server.port), "fail").invoke(stage.scope(), { code: "x" })).rejects.toMatchObject({
      code: "OUT_OF_STOCK",
      details: undefined,
    });
  });

  it("are answered each, 10 000 at once, in any order", async () => {
    const server = await stage.server({
      echo: async (_scope, input: { text: string }) => {
        if (Number(input.text) % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        return input;
      },
    });
    const peer = stage.peer(server.port);
    await peer.ready();
    const echo = probeTarget(peer, "echo");
    const answers = await Promise.all(
      Array.from({ length: 10_000 }, (_, index) => echo.invoke(stage.scope({ deadlineMs: 30_000 }), { text: String(index) })),
    );
    expect(answers.every((answer, index) => (answer as { text: string }).text === String(index))).toBe(true);
  });

  it("are refused with OVERLOADED over the limit of open calls, and the others are answered", async () => {
    stage = new MeshStage({ meshConcurrencyCount: 5 });
    let answer: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const server = await stage.server({ nothing: () => held });
    const nothing = probeTarget(stage.peer(server.port), "nothing");
    const peerReady = nothing.invoke(stage.scope(), undefined);
    const others = Array.from({ length: 7 }, () => rejection(nothing.invoke(stage.scope(), undefined)));
    const refused = await Promise.race(others);
    answer?.();
    expect(refused).toMatchObject({ code: "OVERLOADED", executed: "no" });
    await expect(peerReady).resolves.toBeUndefined();
    expect((await Promise.all(others)).filter((result) => result instanceof HolonError)).toHaveLength(3);
  });

  it("are refused for a calling context that the process did not name", async () => {
    const server = await stage.server({ echo: (_scope, input) => input });
    await expect(probeTarget(stage.peer(server.port), "echo").invoke(stage.scope({ caller: "payments" }), { text: "x" })).rejects.toMatchObject({
      code: "FORBIDDEN",
      executed: "no",
    });
  });

  it("go both ways between two processes that call each other", async () => {
    const one = await stage.server({ echo: (_scope, input) => input });
    const other = await stage.server({ echo: async (_scope, input) => probeTarget(toOne, "echo").invoke(stage.scope(), input) });
    const toOne = stage.peer(one.port);
    const echo = probeTarget(stage.peer(other.port), "echo");
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => echo.invoke(stage.scope(), { text: String(index) })));
    expect(answers).toHaveLength(200);
  });

  it("are counted in connections, frames and bytes", async () => {
    const server = await stage.server({ echo: (_scope, input) => input });
    const peer = stage.peer(server.port);
    await probeTarget(peer, "echo").invoke(stage.scope(), { text: "x" });
    expect(peer.stats()).toMatchObject({ connections: 1, open: 0, framesIn: 2, framesOut: 2 });
    expect(server.stats()).toMatchObject({
      connections: 1,
      open: 0,
      framesIn: 2,
      framesOut: 2,
      bytesIn: peer.stats().bytesOut,
      bytesOut: peer.stats().bytesIn,
    });
  });
});
