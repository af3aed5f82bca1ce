import type { Server } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeProcedure } from "../../src/holon/contract/fingerprint.ts";
import { systemClock } from "../../src/holon/kernel/clock.ts";
import { createUpgradeServer } from "../../src/holon/mesh/callee/upgrade-server.ts";
import type { MeshPeer } from "../../src/holon/mesh/caller/mesh-peer.ts";
import { eventually } from "../../src/holon/mesh/eventually.testing.ts";
import { SignedWorld } from "../../src/holon/mesh/identity/principals.testing.ts";
import { createSecretIdentity } from "../../src/holon/mesh/identity/process-identity.ts";
import { createMemoryLogger, MeshStage, probe, probeTarget, SECRET, untilCancelled } from "../../src/holon/mesh/mesh.testing.ts";
import { toHelloFrame } from "../../src/holon/mesh/protocol/hello.ts";
import { RawCaller } from "../../src/holon/mesh/raw-caller.testing.ts";
import { createRandom, SCALE, SEED, scaled } from "../faults/harness/scale.ts";
import { type MutatedFrame, mutationsOf, spoiltBytes } from "./frame-mutations.ts";

const USER = { kind: "user", id: "u1", roles: ["admin"] };
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const EXTRAS = { key: "k1", initiator: { kind: "system", context: "orders", task: "job" } };
const PROCEDURES = Object.keys(probe.procedures).map((name) => `probe.${name}`);
const numberOf = (name: string): number => PROCEDURES.indexOf(`probe.${name}`);

const CALLER_HELLO = { process: "raw-1", callers: ["orders"], frameBytes: 1_000_000, features: ["a"], procedures: { "probe.echo": "0" } };
const CALLEE_HELLO = {
  ...{ process: "odd-1", contexts: ["probe"], frameBytes: 1_000_000, features: ["a"] },
  procedures: Object.entries(probe.procedures).map(([name, procedure]) => ({ path: `probe.${name}`, hash: describeProcedure(procedure).hash })),
};
/** A greeting with another version of one procedure, so that its description is read. */
const NEWER_HELLO = {
  ...CALLEE_HELLO,
  procedures: [{ path: "probe.echo", hash: "0", description: describeProcedure(probe.procedures.echo) }, ...CALLEE_HELLO.procedures.slice(8)],
};

/** The frames that a caller sends, by name. Ids are far apart, so that a changed id is not the id of another call. */
const CALLER_FRAMES: Readonly<Record<string, readonly unknown[]>> = {
  CALL: [0, 11, numberOf("echo"), 0, 60_000, [0, USER], TRACE, EXTRAS, { text: "x" }],
  "CALL that hangs": [0, 13, numberOf("hang"), 0, 60_000, [1, { kind: "system", context: "orders", task: "job" }], TRACE, EXTRAS],
  OPEN: [4, 17, numberOf("count"), 0, 60_000, [0, { kind: "anonymous" }], "", 0, 4, { to: 3 }],
  CREDIT: [7, 17, 5],
  CANCEL: [3, 13, 1],
  PING: [8],
  PONG: [9],
  GOAWAY: [10],
  HELLO: [11, CALLER_HELLO],
  "an answer": [1, 11, "x"],
};

/** Placeholders for the ids that the caller has given to its call and its stream. */
const [CALL_ID, STREAM_ID] = [900_000_001, 900_000_002];

/** The frames that a callee sends while it has a call and a stream. */
const CALLEE_FRAMES: Readonly<Record<string, readonly unknown[]>> = {
  ANSWER: [1, CALL_ID, { text: "x" }],
  FAILURE: [2, CALL_ID, { code: "OUT_OF_STOCK", message: "Only 3.", details: { available: 3 }, executed: "no", status: 422 }],
  ITEM: [5, STREAM_ID, 7],
  END: [6, STREAM_ID],
  PING: [8],
  PONG: [9],
  GOAWAY: [10],
  HELLO: [11, "again"],
  "a call": [0, CALL_ID, 0, 0, 1_000, [0, USER], TRACE, 0],
};

const handlers = {
  echo: (_scope: unknown, input: unknown) => input,
  hang: untilCancelled,
  async *count(_scope: unknown, { to }: { readonly to: number }) {
    for (let item = 1; item <= Math.min(to, 10); item++) yield item;
  },
};

describe(`a mesh peer that sends anything, seed ${SEED}`, () => {
  const random = createRandom(SEED);
  /** A random share of the mutations, because to try all of them takes a minute. */
  const sampled = (mutations: readonly MutatedFrame[]): MutatedFrame[] => mutations.filter(() => random() < Math.max(SCALE, 0.3));
  let stage: MeshStage;
  let memory: ReturnType<typeof createMemoryLogger>;
  let last = "nothing";
  const reached: string[] = [];
  const onReached = (error: unknown): void => void reached.push(`${last}: ${String((error as Error | undefined)?.stack ?? error)}`);

  beforeEach(() => {
    stage = new MeshStage({ headersTimeoutMs: 5_000, streamWindowCount: 4 });
    memory = createMemoryLogger();
    reached.length = 0;
    process.prependListener("uncaughtException", onReached);
    process.prependListener("unhandledRejection", onReached);
  });
  afterEach(async () => {
    await stage.close();
    process.off("uncaughtException", onReached);
    process.off("unhandledRejection", onReached);
  });

  /** Log lines that must not appear: a failure of the code that reads frames, or a connection that closed without a reason. */
  const badLines = (): unknown[] =>
    memory.lines.filter(
      ({ level, message, fields }) =>
        (level === "error" && fields["code"] !== "CONTRACT_MISMATCH" && fields["code"] !== "UNAVAILABLE") ||
        (message === "mesh connection closed" && typeof fields["reason"] !== "string"),
    );

  describe("as a caller:", () => {
    const openCaller = async (port: number): Promise<RawCaller> => {
      const caller = new RawCaller(port);
      caller.socket.setNoDelay(true);
      await caller.introduce(SECRET);
      return caller;
    };
    /** Sends bytes, and waits until they were read. */
    const sendTo = async (caller: RawCaller, bytes: string | Buffer): Promise<void> => {
      caller.received = Buffer.alloc(0);
      caller.socket.write(bytes);
      caller.socket.write("\n[8],\n");
      await caller.until(() => caller.closed || caller.received.includes("[9],\n"));
    };

    it.each(Object.entries(CALLER_FRAMES))("%s, each member as each kind of JSON, ends only its own call or connection", async (name, frame) => {
      const server = await stage.server(handlers, { log: memory.log });
      const honest = stage.peer(server.port);
      await honest.ready();
      let caller = await openCaller(server.port);
      for (const mutation of sampled(mutationsOf(name, frame))) {
        last = mutation.name;
        if (caller.closed) caller = await openCaller(server.port);
        await sendTo(caller, mutation.text);
        await sendTo(caller, "[3,11],\n[3,13],\n[3,17],\n[3,0],\n[3,1],\n[3,7],\n[3,65536],\n");
        expect(await probeTarget(honest, "echo").invoke(stage.scope(), { text: "alive" }), last).toEqual({ text: "alive" });
        expect(reached, last).toEqual([]);
      }
      caller.socket.destroy();
      await eventually(() => expect([server.stats().open, server.connections()]).toEqual([0, 1]));
      expect(badLines()).toEqual([]);
    });

    it("a greeting, each member as each kind of JSON, is accepted or refused", async () => {
      const server = await stage.server(handlers, { log: memory.log });
      const honest = stage.peer(server.port);
      await honest.ready();
      for (const mutation of sampled(mutationsOf("HELLO", [11, CALLER_HELLO]))) {
        last = mutation.name;
        const caller = new RawCaller(server.port);
        await caller.handshake(SECRET);
        caller.socket.write(mutation.text);
        await sendTo(caller, `${JSON.stringify(CALLER_FRAMES["CALL"])},\n`);
        caller.socket.destroy();
        expect(reached, last).toEqual([]);
      }
      expect(await probeTarget(honest, "echo").invoke(stage.scope(), { text: "alive" })).toEqual({ text: "alive" });
      await eventually(() => expect([server.stats().open, server.connections()]).toEqual([0, 1]));
      expect(badLines()).toEqual([]);
    });

    it("spoilt bytes, in frames and in the handshake, end the connection", async () => {
      const server = await stage.server(handlers, { log: memory.log });
      const honest = stage.peer(server.port);
      await honest.ready();
      const frames = Object.values(CALLER_FRAMES).map((frame) => `${JSON.stringify(frame)},\n`);
      const heads = [
        "GET /holon-mesh HTTP/1.1\r\nhost: x\r\nholon-nonce: ".concat(
          "A".repeat(32),
          "\r\nconnection: Upgrade\r\nupgrade: holon-mesh/1\r\nholon-key: é\r\nholon-proof: x\r\n\r\n",
        ),
      ];
      for (const [index, bytes] of [...spoiltBytes(frames, scaled(2_000), random), ...spoiltBytes(heads, scaled(1_000), random)].entries()) {
        last = bytes.toString("latin1");
        const caller = new RawCaller(server.port);
        if (index < scaled(2_000)) await caller.introduce(SECRET);
        else await caller.request({ "holon-nonce": "A".repeat(32) });
        caller.socket.write(bytes);
        caller.socket.end("\n");
        await caller.untilClosed();
        expect(reached, last).toEqual([]);
      }
      expect(await probeTarget(honest, "echo").invoke(stage.scope(), { text: "alive" })).toEqual({ text: "alive" });
      await eventually(() => expect([server.stats().open, server.connections()]).toEqual([0, 1]));
      expect(badLines()).toEqual([]);
    });
  });

  describe("as a callee:", () => {
    const servers: Server[] = [];
    const sockets: Socket[] = [];
    afterEach(async () => {
      // The stage is closed first: a live peer would connect again while the server closes, and keep the server open.
      await stage.close();
      for (const socket of sockets.splice(0)) socket.destroy();
      for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    });

    /** A mesh server with any greeting. `onData` gets everything that the caller sends after the handshake. */
    const startOdd = async (greeting: () => string, onData: (socket: Socket, text: string) => void): Promise<number> => {
      const accept = (socket: Socket): void => {
        sockets.push(socket);
        socket.on("error", () => {});
        socket.on("data", (chunk: Buffer) => onData(socket, chunk.toString("latin1")));
        socket.write(greeting());
      };
      const { limits, timers } = stage;
      const server = createUpgradeServer({
        ...{ limits, timers, clock: systemClock, log: memory.log, accept, tls: undefined, draining: () => false },
        identity: createSecretIdentity(SECRET),
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    };
    /** Starts a call and a stream; resolves when both have ended. */
    const callBoth = async (peer: MeshPeer): Promise<void> => {
      const call = probeTarget(peer, "hang").invoke(stage.scope(), undefined);
      const stream = probeTarget(peer, "count").subscribe(stage.scope(), { to: 5 });
      const drained = (async () => {
        for await (const _item of stream);
      })();
      await Promise.allSettled([call, drained]);
    };

    it.each(Object.entries(CALLEE_FRAMES))("%s, each member as each kind of JSON, ends only its own call or connection", async (name, frame) => {
      const honestServer = await stage.server(handlers);
      const honest = stage.peer(honestServer.port);
      await honest.ready();
      let mutation: MutatedFrame | undefined;
      const port = await startOdd(
        () => toHelloFrame(CALLEE_HELLO as never),
        (socket, text) => {
          const [call, stream] = [/\[0,(\d+),/.exec(text)?.[1], /\[4,(\d+),/.exec(text)?.[1]];
          if (mutation === undefined || call === undefined || stream === undefined) return;
          socket.write(mutation.text.replace(String(CALL_ID), call).replace(String(STREAM_ID), stream));
          // Ends the call and the stream, if the connection is still open.
          socket.write(`\n[1,${call},"x"],\n[6,${stream}],\n`);
        },
      );
      const peer = stage.peer(port, { log: memory.log, random: () => 0 });
      await peer.ready();
      for (const each of sampled(mutationsOf(name, frame))) {
        last = each.name;
        mutation = each;
        await callBoth(peer);
        expect(await probeTarget(honest, "echo").invoke(stage.scope(), { text: "alive" }), last).toEqual({ text: "alive" });
        expect(reached, last).toEqual([]);
        expect(peer.stats().open, last).toBe(0);
      }
      expect(badLines()).toEqual([]);
    });

    it("spoilt bytes, in frames and in the handshake, end the connection", async () => {
      const frames = Object.values(CALLEE_FRAMES).map(
        (frame) => `${JSON.stringify(frame).replace(String(CALL_ID), "0").replace(String(STREAM_ID), "0")},\n`,
      );
      let bytes: Uint8Array = Buffer.alloc(0);
      const port = await startOdd(
        () => toHelloFrame(CALLEE_HELLO as never),
        (socket, text) => {
          if (text.includes("[0,")) socket.end(Buffer.concat([bytes, Buffer.from("\n")]));
        },
      );
      for (const each of spoiltBytes(frames, scaled(300), random)) {
        last = each.toString("latin1");
        bytes = each;
        const peer = stage.peer(port, { log: memory.log });
        await peer.ready();
        await probeTarget(peer, "hang")
          .invoke(stage.scope(), undefined)
          .catch(() => {});
        await peer.close();
        expect(reached, last).toEqual([]);
        expect(peer.stats().open, last).toBe(0);
      }
      const head = `HTTP/1.1 401 Unauthorized\r\nholon-nonce: ${"A".repeat(32)}\r\nholon-key: \u00e9\r\n\r\n`;
      const server = createServer((socket) => {
        sockets.push(socket);
        socket.on("error", () => {});
        socket.on("data", () => socket.end(bytes));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      for (const each of [...spoiltBytes([head, head.replace("401", "101")], scaled(500), random), Buffer.from("x".repeat(40_000))]) {
        last = each.toString("latin1");
        bytes = each;
        const peer = stage.peer((server.address() as AddressInfo).port, { log: memory.log });
        await eventually(() => expect(peer.state().reason, last).not.toBe("not connected yet"), 2);
        await peer.close();
        expect(reached, last).toEqual([]);
      }
      await new Promise((resolve) => server.close(resolve));
      expect(badLines()).toEqual([]);
    });

    it("a greeting, each member as each kind of JSON, is accepted or refused", async () => {
      let greeting = "";
      const port = await startOdd(
        () => greeting,
        (socket, text) => {
          if (!text.includes("[8]")) socket.write("[8],\n");
        },
      );
      for (const each of sampled(mutationsOf("HELLO", [11, NEWER_HELLO]))) {
        last = each.name;
        greeting = each.text;
        const peer = stage.peer(port, { log: memory.log, random: () => 0 });
        await eventually(() => expect(peer.state().status === "ready" || peer.state().reason !== "not connected yet", last).toBe(true), 2);
        await peer.close();
        expect(reached, last).toEqual([]);
        expect(peer.stats().open, last).toBe(0);
      }
      expect(badLines()).toEqual([]);
    });
  });

  it("a signed principal, each member of its token as each kind of JSON, is accepted or refused", () => {
    const world = new SignedWorld("edge", "orders");
    const at = world.principals("orders");
    const key = world.key("edge");
    const iat = world.clock.nowMs() / 1_000;
    const header = { alg: "EdDSA", typ: "holon-principal+jwt", kid: key.publicKey };
    const claims = { principal: USER, iat, exp: iat + 60 };
    const textsOf = (part: object): string[] => mutationsOf("token", [part]).map(({ text }) => text.slice(1, -3));
    const tokens = [
      ...textsOf(header).map((text) => [text, JSON.stringify(claims)] as const),
      ...textsOf(claims).map((text) => [JSON.stringify(header), text] as const),
    ].map((parts) => parts.map((part) => Buffer.from(part).toString("base64url")).join("."));
    const outcomes = tokens.map((token) => typeof at.receive(`${token}.${key.sign(token)}`));
    expect(outcomes.filter((outcome) => outcome !== "string" && outcome !== "object")).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(300);
  });
});
