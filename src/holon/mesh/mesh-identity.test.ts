import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import type { Principal } from "../kernel/principal.ts";
import { Scope } from "../kernel/scope.ts";
import type { createMeshServer, MeshServer } from "./callee/mesh-server.ts";
import { eventually } from "./eventually.testing.ts";
import { createKeyIdentity, createSecretIdentity, type ProcessIdentity } from "./identity/process-identity.ts";
import { createProcessKey, type ProcessKey } from "./identity/process-key.ts";
import { Roster } from "./identity/roster.ts";
import { createPrincipalToken } from "./identity/signed-principals.ts";
import { createMemoryLogger, MeshStage, probeTarget, SECRET } from "./mesh.testing.ts";
import { FRAME } from "./protocol/frame-kind.ts";
import { RawCaller } from "./raw-caller.testing.ts";

const ANN: Principal = { kind: "user", id: "ann", roles: ["buyer"] };
const ORDERS: Principal = { kind: "system", context: "orders", task: "workflow placeOrder" };
const { principalTokenMs, clockSkewMs } = DEFAULT_LIMITS;
const NUMBERS = { nothing: 0, who: 1, count: 2 } as const;

/** The machine's clocks, set forward by an amount that the test chooses. */
class ShiftedClock implements Clock {
  aheadMs = 0;
  nowMs = (): number => systemClock.nowMs() + this.aheadMs;
  monotonicMs = (): number => systemClock.monotonicMs() + this.aheadMs;
}

describe("processes with keys", () => {
  let stage: MeshStage;
  let clock: ShiftedClock;
  let entered: string[];
  const callers: RawCaller[] = [];
  const keys = new Map(["edge", "catalog", "orders", "next", "probe", "middle"].map((name) => [name, createProcessKey().key]));
  const key = (name: string): ProcessKey => keys.get(name) as ProcessKey;
  const publicKeys = (...names: readonly string[]): string[] => names.map((name) => key(name).publicKey);
  // `next` is the key that orders changes to later; `middle` hosts two contexts.
  const roster = new Roster({
    edge: publicKeys("edge"),
    catalog: publicKeys("catalog"),
    orders: publicKeys("orders", "next", "middle"),
    probe: publicKeys("probe", "middle"),
  });

  beforeEach(() => {
    stage = new MeshStage();
    clock = new ShiftedClock();
    entered = [];
  });
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.socket.destroy();
    await stage.close();
  });

  const identityOf = (name: string): ProcessIdentity => createKeyIdentity({ key: key(name), roster, clock, limits: DEFAULT_LIMITS });
  const strangerIdentity = (): ProcessIdentity => createKeyIdentity({ key: createProcessKey().key, roster, clock, limits: DEFAULT_LIMITS });
  const scopeFor = (principal: Principal, caller: string): Scope =>
    Scope.root({ principal, caller, deadlineAtMs: clock.monotonicMs() + DEFAULT_LIMITS.deadlineMs });
  const note = ({ caller, principal, initiator }: Scope): unknown => {
    entered.push(caller);
    return { caller, principal, initiator };
  };
  const startProbe = (deps: Partial<Parameters<typeof createMeshServer>[0]> = {}): Promise<MeshServer> =>
    stage.server(
      {
        nothing: (scope) => void note(scope),
        who: note,
        async *count(scope) {
          note(scope);
          yield 1;
        },
      },
      { identity: identityOf("probe"), clock, ...deps },
    );
  const connectRaw = ({ port }: MeshServer): RawCaller => {
    const caller = new RawCaller(port);
    callers.push(caller);
    return caller;
  };
  const times = (fromMs = 0): { iat: number; exp: number } => {
    const iat = Math.floor((clock.nowMs() + fromMs) / 1_000);
    return { iat, exp: iat + 60 };
  };
  /** Calls `probe.who` on a plain socket. Resolves with the code of the refusal, or with the answer. */
  const askRaw = async (
    caller: RawCaller,
    id: number,
    principal: unknown,
    extras: unknown = 0,
    procedure: number = NUMBERS.who,
  ): Promise<unknown> => {
    caller.send([FRAME.CALL, id, procedure, 0, 1_000, principal, "", extras]);
    const isAnswer = (frame: readonly unknown[]): boolean => (frame[0] === FRAME.ANSWER || frame[0] === FRAME.FAILURE) && frame[1] === id;
    await caller.until(() => caller.frames().some(isAnswer));
    const [, , value] = caller.frames().find(isAnswer) as readonly unknown[];
    return (value as { code?: string }).code ?? value;
  };

  it("call for the context that their key is bound to, as the user that the edge signed", async () => {
    const caller = connectRaw(await startProbe());
    await caller.introduce(identityOf("orders"));
    expect(await askRaw(caller, 1, [0, createPrincipalToken(key("edge"), ANN, times())])).toEqual({
      caller: "orders",
      principal: ANN,
      initiator: ANN,
    });
    expect(await askRaw(caller, 2, 0)).toMatchObject({ principal: ANN });
  });

  it("may have several keys for one context", async () => {
    const server = await startProbe();
    for (const name of ["orders", "next"]) {
      const caller = connectRaw(server);
      await caller.introduce(identityOf(name));
      expect(await askRaw(caller, 1, [0, { kind: "anonymous" }])).toMatchObject({ caller: "orders" });
    }
  });

  it("are refused if they say that they are another context, and this is logged", async () => {
    const { log, lines } = createMemoryLogger();
    const caller = connectRaw(await startProbe({ log }));
    await caller.introduce(identityOf("catalog"), ["orders"]);
    expect(await askRaw(caller, 1, [0, { kind: "anonymous" }])).toBe("FORBIDDEN");
    expect(entered).toEqual([]);
    expect(lines).toContainEqual(expect.objectContaining({ level: "warn", fields: expect.objectContaining({ refused: ["orders"] }) as unknown }));
  });

  it("that are the edge cannot call internal procedures", async () => {
    const caller = connectRaw(await startProbe());
    await caller.introduce(identityOf("edge"), ["edge"]);
    expect(await askRaw(caller, 1, [0, { kind: "anonymous" }], 0, NUMBERS.nothing)).toBe("FORBIDDEN");
    expect(entered).toEqual([]);
  });

  describe.each([
    ["a user without a signature", () => ANN],
    ["a system without a signature", () => ORDERS],
    ["a user that catalog signed", () => createPrincipalToken(key("catalog"), ANN, times())],
    ["a user that orders signed itself", () => createPrincipalToken(key("orders"), ANN, times())],
    ["a user that a stranger signed", () => createPrincipalToken(createProcessKey().key, ANN, times())],
    ["a user with a role added", () => withRole(createPrincipalToken(key("edge"), ANN, times()), "admin")],
    ["a user whose token is recorded and has ended", () => createPrincipalToken(key("edge"), ANN, times(-principalTokenMs - clockSkewMs - 1_000))],
    ["a user whose token is from the future", () => createPrincipalToken(key("edge"), ANN, times(clockSkewMs + 2_000))],
    ["the system of orders that catalog signed", () => createPrincipalToken(key("catalog"), ORDERS, times())],
    ["the system of orders that the edge signed", () => createPrincipalToken(key("edge"), ORDERS, times())],
  ])("are refused for %s", (_name, principal) => {
    it("with UNAUTHORIZED, also the second time and for a stream, and no handler is entered", async () => {
      const caller = connectRaw(await startProbe());
      await caller.introduce(identityOf("orders"));
      expect([await askRaw(caller, 1, [0, principal()]), await askRaw(caller, 2, 0)]).toEqual(["UNAUTHORIZED", "UNAUTHORIZED"]);
      caller.send([FRAME.OPEN, 3, NUMBERS.count, 0, 1_000, [1, principal()], "", 0, 10]);
      await caller.until(() => caller.frames().some((frame) => frame[0] === FRAME.FAILURE && frame[1] === 3));
      expect(entered).toEqual([]);
    });
  });

  it("do not begin a call for a user whose token has ended since it was introduced", async () => {
    const caller = connectRaw(await startProbe());
    await caller.introduce(identityOf("orders"));
    expect(await askRaw(caller, 1, [0, createPrincipalToken(key("edge"), ANN, times())])).toMatchObject({ principal: ANN });
    clock.aheadMs = principalTokenMs + clockSkewMs + 1_000;
    expect(await askRaw(caller, 2, 0)).toBe("UNAUTHORIZED");
  });

  it("cannot use the number of a user that another connection introduced", async () => {
    const server = await startProbe();
    const first = connectRaw(server);
    await first.introduce(identityOf("orders"));
    await askRaw(first, 1, [0, createPrincipalToken(key("edge"), ANN, times())]);
    const second = connectRaw(server);
    await second.introduce(identityOf("orders"));
    second.send([FRAME.CALL, 1, NUMBERS.who, 0, 1_000, 0, "", 0]);
    await second.untilClosed();
    expect(entered).toEqual(["orders"]);
  });

  it("cannot name another user as the initiator of a user's work", async () => {
    const caller = connectRaw(await startProbe());
    await caller.introduce(identityOf("orders"));
    const forged = { initiator: { kind: "user", id: "bob", roles: [] } };
    expect(await askRaw(caller, 1, [0, createPrincipalToken(key("edge"), ANN, times())], forged)).toMatchObject({ initiator: ANN });
    expect(await askRaw(caller, 2, [1, createPrincipalToken(key("orders"), ORDERS, times())], { initiator: ANN })).toMatchObject({
      principal: ORDERS,
      initiator: ANN,
    });
  });

  it.each<[string, (server: MeshServer) => Promise<number>]>([
    ["a caller that only knows a secret", async (server) => (await connectRaw(server).handshake(SECRET)).status],
    ["a key that is in no roster", async (server) => (await connectRaw(server).handshake(strangerIdentity())).status],
    ["a proof of the other side, reflected", async (server) => (await connectRaw(server).handshake(identityOf("orders"), "callee")).status],
    [
      "a handshake that was recorded",
      async (server) => {
        const { handshake, sent } = await connectRaw(server).handshake(identityOf("orders"));
        const replay = connectRaw(server);
        await replay.request({ "holon-nonce": handshake.caller });
        return (await replay.request(sent)).status;
      },
    ],
    [
      "a proof that was meant for another callee, handed on",
      async (server) => {
        const caller = connectRaw(server);
        const nonce = "C".repeat(32);
        const challenge = await caller.request({ "holon-nonce": nonce });
        const { publicKey: callerKey } = identityOf("orders");
        const handshake = { caller: nonce, callee: challenge.headers.get("holon-nonce") ?? "", callerKey, calleeKey: key("catalog").publicKey };
        const proof = identityOf("orders").prove("caller", handshake);
        return (await caller.request({ connection: "Upgrade", upgrade: "holon-mesh/1", "holon-key": String(callerKey), "holon-proof": proof }))
          .status;
      },
    ],
    [
      "another context's proof under a shown key",
      async (server) => {
        const stolen: ProcessIdentity = { ...identityOf("catalog"), publicKey: key("orders").publicKey };
        return (await connectRaw(server).handshake(stolen)).status;
      },
    ],
  ])("answer %s with 401", async (_name, attempt) => {
    const server = await startProbe();
    expect(await attempt(server)).toBe(401);
    expect(entered).toEqual([]);
  });

  it.each<[string, () => ProcessIdentity, RegExp]>([
    ["has the key of another context", () => identityOf("catalog"), /is not bound to probe in HOLON_PEERS/],
    ["has a secret and no key", () => createSecretIdentity(SECRET), /shows no key/],
    [
      "pretends to have the right key",
      () => ({ ...identityOf("catalog"), publicKey: key("probe").publicKey }),
      /cannot prove its identity|refused this/,
    ],
  ])("do not call a process that %s", async (_name, identity, reason) => {
    const server = await startProbe({ identity: identity() });
    const peer = stage.peer(server.port, { identity: identityOf("orders"), callerContexts: ["orders"] });
    await eventually(() => expect(peer.state().reason).toMatch(reason));
    expect(entered).toEqual([]);
  });

  it("renew the token of a user on an old connection by themselves", async () => {
    const server = await startProbe();
    const peer = stage.peer(server.port, { identity: identityOf("edge"), callerContexts: ["edge"], clock });
    const ask = (): Promise<unknown> => probeTarget(peer, "who").invoke(scopeFor(ANN, "edge"), undefined);
    await ask();
    clock.aheadMs = principalTokenMs + clockSkewMs + 1_000;
    expect(await ask()).toMatchObject({ principal: ANN });
    expect(peer.stats().connections).toBe(1);
  });

  it("hand on the user that they got, and no other", async () => {
    const last = await startProbe();
    const identity = identityOf("middle");
    const onwards = stage.peer(last.port, { identity, callerContexts: ["orders"], clock });
    const handOn = (principal: Principal): Promise<unknown> => probeTarget(onwards, "who").invoke(scopeFor(principal, "orders"), undefined);
    const middle = await stage.server(
      { who: ({ principal }) => handOn(principal), mine: ({ principal }) => handOn({ ...principal, roles: ["buyer", "admin"] } as Principal) },
      { identity, clock },
    );
    const peer = stage.peer(middle.port, { identity: identityOf("edge"), callerContexts: ["edge"], clock });
    expect(await probeTarget(peer, "who").invoke(scopeFor(ANN, "edge"), undefined)).toEqual({ caller: "orders", principal: ANN, initiator: ANN });
    await expect(probeTarget(peer, "mine").invoke(scopeFor(ANN, "edge"), undefined)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(entered).toEqual(["orders"]);
  });
});

/** A token with an added role, under the signature of the original token. */
function withRole(token: string, role: string): string {
  const [head, body = "", signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as { readonly principal: { readonly roles: readonly string[] } };
  const changed = { ...claims, principal: { ...claims.principal, roles: [...claims.principal.roles, role] } };
  return [head, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join(".");
}
