import { type ChildProcess, fork } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HolonError } from "../kernel/holon-error.ts";
import { eventually } from "./eventually.testing.ts";
import { MeshStage, probeTarget } from "./mesh.testing.ts";

const file = (name: string): string => new URL(name, import.meta.url).pathname;
const execArgv = ["--conditions=source", "--import", "tsx"];

describe("a connection that is lost", () => {
  let stage: MeshStage;
  let children: ChildProcess[];
  beforeEach(() => {
    stage = new MeshStage({ meshPingMs: 100, meshSilenceMs: 400 });
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    await stage.close();
  });

  const startChild = async (port: number): Promise<{ readonly child: ChildProcess; readonly port: number }> => {
    const child = fork(file("./mesh-child.testing.ts"), [String(port)], { execArgv });
    children.push(child);
    const started = await new Promise<{ port: number }>((resolve) => child.once("message", resolve as (message: unknown) => void));
    return { child, port: started.port };
  };

  it("by kill -9 fails the calls in flight with a typed error, and calls succeed again when the process is back", async () => {
    const { child, port } = await startChild(0);
    const peer = stage.peer(port);
    const hang = probeTarget(peer, "hang");
    const echo = probeTarget(peer, "echo");
    await echo.invoke(stage.scope(), { text: "warm" });
    const inFlight = Array.from({ length: 50 }, () => hang.invoke(stage.scope(), undefined).catch((error: unknown) => error));
    await echo.invoke(stage.scope(), { text: "they are there" });
    child.kill("SIGKILL");
    const failed = await Promise.all(inFlight);
    expect(failed.every((error) => error instanceof HolonError && error.code === "UNAVAILABLE" && error.executed === "maybe")).toBe(true);

    await expect(echo.invoke(stage.scope({ deadlineMs: 200 }), { text: "nobody" })).rejects.toMatchObject({ code: "UNAVAILABLE", executed: "no" });
    await startChild(port);
    await peer.ready();
    await expect(echo.invoke(stage.scope(), { text: "back" })).resolves.toEqual({ text: "back" });
  });

  it("by SIGSTOP is noticed, and works again after SIGCONT", async () => {
    const { child, port } = await startChild(0);
    const peer = stage.peer(port);
    const echo = probeTarget(peer, "echo");
    await echo.invoke(stage.scope(), { text: "warm" });
    child.kill("SIGSTOP");
    await expect(echo.invoke(stage.scope(), { text: "silence" })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      executed: "maybe",
      cause: { message: expect.stringContaining("silent") as unknown },
    });
    child.kill("SIGCONT");
    await peer.ready();
    await expect(echo.invoke(stage.scope(), { text: "back" })).resolves.toEqual({ text: "back" });
  });

  it("is made when the callee starts after its caller, for a call that was waiting", async () => {
    const first = await stage.server({});
    const { port } = first;
    await first.close();
    const peer = stage.peer(port, { random: () => 0.1 });
    const waiting = probeTarget(peer, "echo").invoke(stage.scope(), { text: "early" });
    await eventually(() => expect(peer.state().reason).toContain("ECONNREFUSED"));
    await stage.server({ echo: (_scope, input) => input }, { port });
    await expect(waiting).resolves.toEqual({ text: "early" });
  });

  it("fails a waiting call that is cancelled, and a call after close", async () => {
    const first = await stage.server({});
    await first.close();
    const peer = stage.peer(first.port);
    const scope = stage.scope();
    const waiting = probeTarget(peer, "echo")
      .invoke(scope, { text: "early" })
      .catch((error: unknown) => error);
    const reason = new HolonError("CANCELLED", "the user left");
    scope.cancel(reason);
    await expect(waiting).resolves.toBe(reason);
    await peer.close();
    await expect(probeTarget(peer, "echo").invoke(stage.scope(), { text: "late" })).rejects.toMatchObject({ code: "UNAVAILABLE", executed: "no" });
    await expect(peer.ready()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(peer.state().status).toBe("closed");
  });

  it("fails a call that never left the process, and says that it was not executed", async () => {
    const server = await stage.server({ echo: (_scope, input) => input });
    const peer = stage.peer(server.port);
    await peer.ready();
    const unsent = probeTarget(peer, "echo")
      .invoke(stage.scope(), { text: "x" })
      .catch((error: unknown) => error);
    await peer.close();
    await expect(unsent).resolves.toMatchObject({ code: "UNAVAILABLE", executed: "no" });
  });

  it("waits longer from attempt to attempt, with full jitter", async () => {
    const first = await stage.server({});
    await first.close();
    const asked: number[] = [];
    const peer = stage.peer(first.port, { random: () => asked.push(0) * 0 });
    await eventually(() => expect(asked.length).toBeGreaterThan(5));
    expect(peer.state().status).toBe("connecting");
  });

  it("leaves no handle behind when all is closed", async () => {
    const child = fork(file("./mesh-exit.testing.ts"), { execArgv });
    children.push(child);
    child.disconnect();
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
  });
});
