import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../kernel/clock.ts";
import { ANONYMOUS } from "../kernel/principal.ts";
import { Link } from "./connection/link.ts";
import { createMemoryLogger, type MemoryLogger, MeshStage, probeTarget, SECRET } from "./mesh.testing.ts";
import { FRAME, type Frame } from "./protocol/frame-kind.ts";
import { toHelloFrame } from "./protocol/hello.ts";
import { RawCaller } from "./raw-caller.testing.ts";

/** Numbers of the probe's procedures that have a handler below. */
const [ECHO, FAIL] = [0, 1];

describe("a peer of another version", () => {
  let stage: MeshStage;
  let memory: MemoryLogger;
  let caller: RawCaller | undefined;
  beforeEach(() => {
    stage = new MeshStage();
    memory = createMemoryLogger();
  });
  afterEach(async () => {
    caller?.socket.destroy();
    await stage.close();
  });

  const handlers = { echo: (_scope: unknown, input: unknown) => input, fail: (scope: { readonly key?: string }) => scope.key };
  const introduced = async (port: number, hello: object = {}): Promise<RawCaller> => {
    caller = new RawCaller(port);
    await caller.handshake(SECRET);
    caller.socket.write(toHelloFrame({ process: "newer-1", callers: ["orders"], frameBytes: 1_000_000, procedures: {}, ...hello }));
    await caller.untilFrame(FRAME.HELLO);
    return caller;
  };
  const echo = (id: number, principal: unknown = [0, ANONYMOUS], extras: unknown = 0, text = "x"): unknown[] => {
    return [FRAME.CALL, id, ECHO, 0, 60_000, principal, "", extras, { text }];
  };
  const answersOf = (from: RawCaller): Frame[] => from.frames().filter(([kind]) => kind === FRAME.ANSWER || kind === FRAME.FAILURE);
  const untilAnswers = async (from: RawCaller, count: number): Promise<Frame[]> => {
    await from.until(() => answersOf(from).length >= count);
    return answersOf(from);
  };

  it("may send frames of unknown kinds: they are counted, and logged once a connection", async () => {
    const server = await stage.server(handlers, { log: memory.log });
    const from = await introduced(server.port);
    from.send([77, 1, { a: "b" }], [78], [77], [2 ** 40, null], echo(1));
    expect(await untilAnswers(from, 1)).toEqual([[FRAME.ANSWER, 1, { text: "x" }]]);
    expect(server.stats().unknownFrames).toBe(4);
    expect(memory.lines.filter(({ level }) => level === "warn")).toMatchObject([{ fields: { process: "newer-1", kind: 77 } }]);
  });

  it("may put new members into its greeting and into extras, and at the end of a frame", async () => {
    const server = await stage.server(handlers);
    const from = await introduced(server.port, { features: ["a", "b"], mood: "good" });
    from.send([...echo(1, undefined, { key: "k", colour: { deep: [1] } }), "surplus", 7], [FRAME.PING, "surplus"], [FRAME.CANCEL, 9, 1, "surplus"]);
    expect(await untilAnswers(from, 1)).toEqual([[FRAME.ANSWER, 1, { text: "x" }]]);
    await from.untilFrame(FRAME.PONG);
  });

  it("gets an error with a code if it calls for a principal of an unknown kind", async () => {
    const server = await stage.server(handlers);
    const from = await introduced(server.port);
    const robot = { kind: "system", context: "orders", task: "job" };
    from.send(echo(1, [0, { kind: "robot", id: "r" }]), echo(2, 0), echo(3, [1, robot], { initiator: { kind: "robot" } }), echo(4, 1));
    expect(await untilAnswers(from, 4)).toMatchObject([
      [FRAME.FAILURE, 1, { code: "UNAUTHORIZED", executed: "no" }],
      [FRAME.FAILURE, 2, { code: "UNAUTHORIZED", executed: "no" }],
      [FRAME.FAILURE, 3, { code: "UNAUTHORIZED", executed: "no" }],
      [FRAME.ANSWER, 4, { text: "x" }],
    ]);
  });

  it("gets BAD_REQUEST for a text that is not well-formed Unicode, and its other calls go on", async () => {
    const server = await stage.server(handlers);
    const from = await introduced(server.port);
    const key = { key: "\ud800" };
    from.send(echo(1, [0, ANONYMOUS], 0, "\ud800"), echo(2, 0, 0, "\u{1f600}\u0001"), [FRAME.CALL, 3, FAIL, 0, 60_000, 0, "", key, { code: "x" }]);
    const issue = { path: "", code: "forbidden_character" };
    expect((await untilAnswers(from, 3)).sort((one, two) => Number(one[1]) - Number(two[1]))).toMatchObject([
      [FRAME.FAILURE, 1, { code: "BAD_REQUEST", executed: "no", details: { issues: [issue] } }],
      [FRAME.ANSWER, 2, { text: "\u{1f600}\u0001" }],
      [FRAME.FAILURE, 3, { code: "BAD_REQUEST", executed: "no", details: { issues: [issue] } }],
    ]);
  });

  it("is known by its announced features, at both ends", async () => {
    const server = await stage.server(handlers, { log: memory.log, features: ["made-up"] });
    const peer = stage.peer(server.port, { log: memory.log, features: ["made-up", "of-the-caller"] });
    await peer.ready();
    expect([peer.has("made-up"), peer.has("of-the-caller")]).toEqual([true, false]);
    await expect(probeTarget(peer, "echo").invoke(stage.scope(), { text: "x" })).resolves.toEqual({ text: "x" });
    expect(server.peersWith("made-up")).toBe(1);
    expect(server.peersWith("of-the-caller")).toBe(1);
    expect(server.peersWith("another")).toBe(0);
  });

  it("has no features if its greeting lists none, like a version from before features", async () => {
    const server = await stage.server(handlers, { features: ["made-up"] });
    const from = await introduced(server.port);
    expect(server.peersWith("made-up")).toBe(0);
    expect((await from.untilFrame(FRAME.HELLO))[1]).toMatchObject({ features: ["made-up"] });
  });
});

describe("a link", () => {
  it("closes if the code that reads its frames fails, and the process goes on", async () => {
    const stage = new MeshStage();
    const memory = createMemoryLogger();
    const server = await stage.server({});
    const from = new RawCaller(server.port);
    const closed = new Promise<string>((resolve) => {
      const owner = {
        onFrames(): never {
          throw new TypeError("a fault of the toolkit");
        },
        onUnknownKind() {},
        onClose: resolve,
      };
      const link = new Link(from.socket, owner, { limits: stage.limits, clock: systemClock, timers: stage.timers, log: memory.log }, "always reads");
      link.start(Buffer.from("[8],\n"));
    });
    expect(await closed).toBe("a frame could not be read here");
    expect(memory.lines).toMatchObject([{ level: "error", fields: { err: { message: "a fault of the toolkit" } } }]);
    await stage.close();
  });
});
