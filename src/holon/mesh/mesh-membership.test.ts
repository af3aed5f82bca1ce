import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ANONYMOUS } from "../kernel/principal.ts";
import { eventually } from "./eventually.testing.ts";
import { createSecretIdentity } from "./identity/process-identity.ts";
import { createMemoryLogger, MeshStage, probeTarget, SECRET } from "./mesh.testing.ts";
import { RawCaller } from "./raw-caller.testing.ts";

describe("the mesh", () => {
  let stage: MeshStage;
  let entered = 0;
  const callers: RawCaller[] = [];
  beforeEach(() => {
    stage = new MeshStage();
    entered = 0;
  });
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.socket.destroy();
    await stage.close();
  });

  const handlers = { echo: () => void entered++, nothing: () => void entered++ };
  const connectRaw = (port: number): RawCaller => {
    const caller = new RawCaller(port);
    callers.push(caller);
    return caller;
  };

  it("answers a plain request with 426 and the protocol that it speaks", async () => {
    const server = await stage.server(handlers);
    const response = await fetch(`http://127.0.0.1:${server.port}/`);
    expect([response.status, response.headers.get("upgrade")]).toEqual([426, "holon-mesh/1"]);
    await response.text();
  });

  it("refuses another protocol with 426", async () => {
    const server = await stage.server(handlers);
    const caller = connectRaw(server.port);
    expect(await caller.request({ connection: "Upgrade", upgrade: "websocket" })).toMatchObject({ status: 426 });
    await caller.untilClosed();
  });

  it("accepts a caller that knows the secret", async () => {
    const server = await stage.server(handlers);
    expect(await connectRaw(server.port).handshake(SECRET)).toMatchObject({ status: 101 });
  });

  it("refuses another secret with 401, closes, and enters no handler", async () => {
    const { log, lines } = createMemoryLogger();
    const server = await stage.server(handlers, { log });
    const caller = connectRaw(server.port);
    expect(await caller.handshake("guessed")).toMatchObject({ status: 401 });
    caller.send([0, 0, 0, 0, 1_000, [0, ANONYMOUS], "", 0]);
    await caller.untilClosed();
    expect(entered).toBe(0);
    expect(lines).toContainEqual(expect.objectContaining({ level: "warn", message: "refused a mesh connection" }));
  });

  it("refuses an upgrade without a challenge with 401", async () => {
    const server = await stage.server(handlers);
    expect(await connectRaw(server.port).request({ connection: "Upgrade", upgrade: "holon-mesh/1", "holon-proof": "x" })).toMatchObject({
      status: 401,
    });
  });

  it("refuses a recorded handshake on another connection", async () => {
    const server = await stage.server(handlers);
    const { sent, handshake } = await connectRaw(server.port).handshake(SECRET);
    const replay = connectRaw(server.port);
    await replay.request({ "holon-nonce": handshake.caller });
    expect(await replay.request(sent)).toMatchObject({ status: 401 });
    await replay.untilClosed();
    expect(entered).toBe(0);
  });

  it("enters no handler for a member that has not introduced itself", async () => {
    const { log, lines } = createMemoryLogger();
    const server = await stage.server(handlers, { log });
    const caller = connectRaw(server.port);
    await caller.handshake(SECRET);
    caller.send([0, 0, 0, 0, 1_000, [0, ANONYMOUS], "", 0]);
    await caller.untilClosed();
    expect(entered).toBe(0);
    expect(lines.at(-1)?.fields).toMatchObject({ reason: "the peer's first frame is not a valid greeting" });
  });

  it("closes a member that stays silent after the handshake", async () => {
    stage = new MeshStage({ headersTimeoutMs: 50 });
    const { log, lines } = createMemoryLogger();
    const server = await stage.server(handlers, { log });
    const caller = connectRaw(server.port);
    await caller.handshake(SECRET);
    await caller.untilClosed();
    expect(server.connections()).toBe(0);
    expect(lines.at(-1)?.fields).toMatchObject({ reason: "the peer sent no greeting within 50 ms (limit headersTimeoutMs)" });
  });

  it("refuses a call for a context that the peer did not name", async () => {
    const server = await stage.server(handlers);
    const caller = connectRaw(server.port);
    await caller.introduce(SECRET, ["orders"]);
    caller.send([0, 5, 0, 1, 1_000, [0, ANONYMOUS], "", 0]);
    expect(await caller.untilFrame(2)).toMatchObject([2, 5, { code: "FORBIDDEN" }]);
    expect(entered).toBe(0);
  });

  it("answers an unknown procedure with NOT_FOUND", async () => {
    const server = await stage.server(handlers);
    const caller = connectRaw(server.port);
    await caller.introduce(SECRET);
    caller.send([0, 5, 99, 0, 1_000, [0, ANONYMOUS], "", 0]);
    expect(await caller.untilFrame(2)).toMatchObject([2, 5, { code: "NOT_FOUND", executed: "no" }]);
  });

  it("fails a call with the reason if the secrets differ, and does not log the secret", async () => {
    const { log, lines } = createMemoryLogger();
    const server = await stage.server(handlers);
    const peer = stage.peer(server.port, { identity: createSecretIdentity("another secret"), log });
    await expect(probeTarget(peer, "nothing").invoke(stage.scope({ deadlineMs: 300 }), undefined)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      executed: "no",
      cause: { message: expect.stringContaining("401") as unknown },
    });
    expect(peer.state()).toMatchObject({ status: "connecting", reason: expect.stringContaining("HOLON_SECRET") as unknown });
    expect(JSON.stringify(lines)).not.toContain("another secret");
    expect(entered).toBe(0);
  });

  it("sends nothing to a server that cannot prove that it knows the secret", async () => {
    const impostor = createServer((_request, response) => void response.writeHead(401, { "holon-nonce": "B".repeat(32), "content-length": 0 }).end());
    const received: Buffer[] = [];
    const sockets: Duplex[] = [];
    impostor.on("upgrade", (_request, socket) => {
      sockets.push(socket);
      socket.on("data", (chunk: Buffer) => received.push(chunk));
      socket.on("error", () => {});
      socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: holon-mesh/1\r\nholon-proof: x\r\n\r\n");
    });
    await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve));
    const peer = stage.peer((impostor.address() as AddressInfo).port);
    await eventually(() => expect(peer.state().reason).toContain("cannot prove"));
    await peer.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => impostor.close(resolve));
    expect(received).toEqual([]);
  });

  it("reports a server of another kind", async () => {
    const web = createServer((_request, response) => void response.end("hello"));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const peer = stage.peer((web.address() as AddressInfo).port);
    await eventually(() => expect(peer.state().reason).toContain("does not speak holon-mesh/1 (HTTP 200)"));
    await peer.close();
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
  });
});
