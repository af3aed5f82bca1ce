import type { Server } from "node:http";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeProcedure } from "../contract/fingerprint.ts";
import { systemClock } from "../kernel/clock.ts";
import { silentLogger } from "../kernel/log.ts";
import { createUpgradeServer } from "./callee/upgrade-server.ts";
import { eventually } from "./eventually.testing.ts";
import { createSecretIdentity } from "./identity/process-identity.ts";
import { createMemoryLogger, MeshStage, probe, probeTarget, SECRET } from "./mesh.testing.ts";
import { toHelloFrame } from "./protocol/hello.ts";

const procedures = (["hang", "count"] as const).map((name) => ({ path: `probe.${name}`, hash: describeProcedure(probe.procedures[name]).hash }));
const hello = toHelloFrame({ process: "odd-1", contexts: ["probe"], frameBytes: 1_000_000, procedures });

describe("a faulty callee", () => {
  let stage: MeshStage;
  const servers: (Server | NetServer)[] = [];
  const sockets: Socket[] = [];
  beforeEach(() => {
    stage = new MeshStage({ headersTimeoutMs: 200, streamWindowCount: 4 });
  });
  afterEach(async () => {
    await stage.close();
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  const listen = async (server: Server | NetServer): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };

  /** A member of the mesh that greets, and then lets the test answer each chunk that arrives. */
  const startOdd = (onData: (socket: Socket, chunk: Buffer) => void, greeting = hello): Promise<number> => {
    const accept = (socket: Socket): void => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => onData(socket, chunk));
      socket.write(greeting);
    };
    return listen(
      createUpgradeServer({
        identity: createSecretIdentity(SECRET),
        tls: undefined,
        accept,
        draining: () => false,
        limits: stage.limits,
        clock: systemClock,
        timers: stage.timers,
        log: silentLogger,
      }),
    );
  };

  it.each([
    ["garbage", "nonsense\n", "a frame is not JSON"],
    [
      "a call, which only callers send",
      "[0,1],\n",
      "the peer sent a frame of kind 0, which this end of a connection does not accept after the greeting",
    ],
    ["an answer to an object", '[1,{"valueOf":1,"toString":1},"x"],\n', "a frame does not say which call it belongs to"],
    ["a failure of a name", '[2,"length",{}],\n', "a frame does not say which call it belongs to"],
  ])("that sends %s loses its connection, and its calls fail with the reason", async (_name, bytes, reason) => {
    const port = await startOdd((socket, chunk) => {
      if (chunk.includes("[0,")) socket.write(bytes);
    });
    await expect(probeTarget(stage.peer(port), "hang").invoke(stage.scope(), undefined)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      executed: "maybe",
      cause: { message: expect.stringContaining(reason) as unknown },
    });
  });

  it.each([
    ["a failure without a code", '[2,0,{"message":"m"}],\n[1,1,"other"],\n', "it is a failure without code or message"],
    ["a failure that is not an object", '[2,0,"no"],\n[1,1,"other"],\n', "it is a failure without code or message"],
  ])("that answers %s ends this call with the reason, and no other", async (_name, bytes, reason) => {
    const port = await startOdd((socket, chunk) => {
      if (chunk.includes("[0,1,")) socket.write(bytes);
    });
    const peer = stage.peer(port);
    await peer.ready();
    const [one, two] = [0, 1].map(() => probeTarget(peer, "hang").invoke(stage.scope(), undefined));
    await expect(one).rejects.toMatchObject({ code: "INTERNAL", executed: "maybe", message: `The answer of probe.hang was refused: ${reason}.` });
    await expect(two).resolves.toBe("other");
  });

  it("that says goodbye several times is logged once as stopping", async () => {
    const memory = createMemoryLogger();
    const port = await startOdd((socket, chunk) => {
      if (chunk.includes("[0,")) socket.write('[10],\n[10],\n[10],\n[1,0,"late"],\n');
    });
    const peer = stage.peer(port, { log: memory.log });
    await expect(probeTarget(peer, "hang").invoke(stage.scope(), undefined)).resolves.toBe("late");
    expect(memory.lines.filter(({ message }) => message === "the mesh peer is stopping")).toHaveLength(1);
  });

  it("that answers a call which was not made is ignored", async () => {
    const port = await startOdd((socket, chunk) => {
      if (chunk.includes("[0,"))
        socket.write('[1,999,"x"],\n[5,998,1],\n[2,997,{"code":"X","message":"m","executed":"no","status":400}],\n[1,0,"mine"],\n');
    });
    await expect(probeTarget(stage.peer(port), "hang").invoke(stage.scope(), undefined)).resolves.toBe("mine");
  });

  it("that sends more items than it may loses its connection", async () => {
    const port = await startOdd((socket, chunk) => {
      if (chunk.includes("[4,")) socket.write("[5,0,1],\n".repeat(20));
    });
    const stream = probeTarget(stage.peer(port), "count").subscribe(stage.scope(), { to: 5 })[Symbol.asyncIterator]();
    const items: unknown[] = [];
    await expect(
      (async () => {
        for (;;) items.push((await stream.next()).value);
      })(),
    ).rejects.toMatchObject({ code: "UNAVAILABLE", cause: { message: expect.stringContaining("more items than its credit allows") as unknown } });
    expect(items.length).toBeLessThanOrEqual(5);
  });

  it("that sends something else instead of a greeting is refused", async () => {
    const port = await startOdd(() => {}, "[9],\n");
    const peer = stage.peer(port);
    await eventually(() => expect(peer.state().reason).toBe("the peer's first frame is not a valid greeting"));
  });

  it("that never sends a greeting is given up", async () => {
    const port = await startOdd(() => {}, "");
    const peer = stage.peer(port);
    await eventually(() => expect(peer.state().reason).toBe("the peer sent no greeting within 200 ms (limit headersTimeoutMs)"));
  });

  it("that accepts the connection and sends nothing at all is given up", async () => {
    const port = await listen(createServer((socket) => void sockets.push(socket)));
    const peer = stage.peer(port);
    await eventually(() => expect(peer.state().reason).toContain("limit headersTimeoutMs"));
  });

  it("that closes the connection during the handshake is tried again", async () => {
    let attempts = 0;
    const port = await listen(
      createServer((socket) => {
        attempts++;
        sockets.push(socket);
        socket.on("error", () => {});
        socket.end();
      }),
    );
    stage.peer(port, { random: () => 0 });
    await eventually(() => expect(attempts).toBeGreaterThan(3));
  });
});
