import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Target } from "../../src/holon/contract/index.ts";
import { systemClock } from "../../src/holon/kernel/clock.ts";
import { DEFAULT_LIMITS } from "../../src/holon/kernel/limits.ts";
import { silentLogger } from "../../src/holon/kernel/log.ts";
import type { Principal } from "../../src/holon/kernel/principal.ts";
import { Scope } from "../../src/holon/kernel/scope.ts";
import { Timers } from "../../src/holon/kernel/timers.ts";
import { createMeshServer, type MeshServer } from "../../src/holon/mesh/callee/mesh-server.ts";
import { createMeshPeer, type MeshPeer } from "../../src/holon/mesh/caller/mesh-peer.ts";
import { TestAuthority } from "../../src/holon/mesh/connection/certificates.testing.ts";
import { createKeyIdentity, createSecretIdentity, type ProcessIdentity } from "../../src/holon/mesh/identity/process-identity.ts";
import { createProcessKey } from "../../src/holon/mesh/identity/process-key.ts";
import { Roster } from "../../src/holon/mesh/identity/roster.ts";
import { contracts } from "./fixture/app.ts";
import { eventually, type FixtureProcess, freePort, freshFolder, runFixture } from "./fixture/run.ts";

const ANN: Principal = { kind: "user", id: "ann", roles: ["buyer"] };
const SECRET = "known to all, and no proof of anybody";
const authority = new TestAuthority("of this test");
const services = { limits: DEFAULT_LIMITS, clock: systemClock, timers: new Timers(() => systemClock.monotonicMs()), log: silentLogger };

/** A real process of `sales` in production, with TLS. The test plays the edge that calls it and the stock that it calls. */
describe("a process in production", () => {
  const [edge, stock] = [createProcessKey().key, createProcessKey().key];
  const folder = freshFolder();
  const reached: unknown[] = [];
  const peers: MeshPeer[] = [];
  let roster: Roster;
  let server: MeshServer;
  let sales: FixtureProcess;
  let env: Record<string, string>;

  const identityOf = (key: typeof edge): ProcessIdentity => createKeyIdentity({ ...services, key, roster });
  const stockTarget: Target = {
    path: "stock.take",
    procedure: contracts.stock.procedures.take,
    invoke: async ({ caller, principal }, input) => {
      reached.push({ caller, principal, input });
      return { taken: 7 };
    },
    subscribe: () => {
      throw new TypeError("nobody subscribes here");
    },
  };

  beforeAll(async () => {
    const made = runFixture({}, "key", folder);
    await made.ended;
    const [, jwk = "", publicKey = ""] = /^HOLON_KEY='(.+)'\n# for HOLON_PEERS: (\S{43})\n$/.exec(made.output()) ?? [];
    const keys = { edge: [edge.publicKey], stock: [stock.publicKey], sales: [publicKey] };
    roster = new Roster(keys);
    server = await createMeshServer({
      ...{ ...services, contexts: ["stock"], host: "127.0.0.1", port: 0, processName: "test/stock" },
      identity: identityOf(stock),
      tls: authority.issue(),
      targets: new Map([[stockTarget.path, stockTarget]]),
    });
    const { cert, key, ca } = authority.issue();
    const files = { HOLON_KEY: jwk, HOLON_MESH_TLS_CERT: cert, HOLON_MESH_TLS_KEY: key, HOLON_MESH_TLS_CA: ca };
    const named = Object.entries(files).map(([name, text]) => {
      writeFileSync(path.join(folder, name), `${text}\n`, { mode: 0o400 });
      return [`${name}_FILE`, path.join(folder, name)];
    });
    env = {
      NODE_ENV: "production",
      HOLON_HOST: "127.0.0.1",
      HOLON_CONTEXTS: "sales",
      HOLON_ROLES: "rpc",
      HOLON_MESH_PORT: String(await freePort()),
      HOLON_OPS_PORT: String(await freePort()),
      HOLON_STOCK_URL: `mesh://127.0.0.1:${server.port}`,
      HOLON_LIMIT_DRAIN_MS: "0",
    };
    sales = runFixture({ ...env, ...Object.fromEntries(named), HOLON_PEERS: JSON.stringify(keys) }, "start", folder);
    await eventually("sales has connected to stock", () => server.connections() > 0 || undefined).catch((cause: unknown) => {
      throw new Error(`sales did not start:\n${sales.output()}`, { cause });
    });
  });

  afterAll(async () => {
    await Promise.all(peers.map((peer) => peer.close()));
    sales.child.kill("SIGTERM");
    expect(await sales.ended).toBe(0);
    await server.close();
    services.timers.close();
  });

  const connect = (identity: ProcessIdentity, says: string): MeshPeer => {
    const peer = createMeshPeer({
      ...{ ...services, identity, callerContexts: [says], contracts: [contracts.sales], random: Math.random, newKey: randomUUID },
      url: `mesh://127.0.0.1:${env["HOLON_MESH_PORT"]}`,
      processName: `test/${says}`,
      tls: authority.issue(),
    });
    peers.push(peer);
    return peer;
  };
  const sell = async (peer: MeshPeer, caller: string, principal: Principal): Promise<unknown> => {
    const { sell: procedure } = contracts.sales.procedures;
    const scope = Scope.root({ principal, caller, deadlineAtMs: systemClock.monotonicMs() + 10_000 });
    return peer.target("sales", "sales.sell", procedure).invoke(scope, { name: "tea" });
  };

  test("hands on the user that the edge signed, unchanged, and calls in its own name", async () => {
    reached.length = 0;
    const peer = connect(identityOf(edge), "edge");
    await peer.ready();
    expect(await sell(peer, "edge", ANN)).toEqual({ taken: 7 });
    expect(reached).toEqual([{ caller: "sales", principal: ANN, input: { name: "tea" } }]);
  });

  test.each([
    ["a context that did not declare the call", "stock", { kind: "system", context: "stock", task: "t" }],
    ["a key that says that it is the edge", "edge", { kind: "anonymous" }],
  ] as const)("refuses %s, and its handler is not entered", async (_name, says, principal) => {
    reached.length = 0;
    const peer = connect(identityOf(stock), says);
    await peer.ready();
    await expect(sell(peer, says, principal)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(reached).toEqual([]);
  });

  test("refuses a caller that only knows a secret", async () => {
    const peer = connect(createSecretIdentity(SECRET), "edge");
    await eventually("the process refused", () => peer.state().reason?.includes("set HOLON_KEY") || undefined);
    expect(peer.state().status).toBe("connecting");
  });

  test("does not start as one of many without a key: it says so, exits 2 and opens no port", async () => {
    const refused = runFixture({ ...env, HOLON_SECRET: SECRET, HOLON_MESH_PORT: String(await freePort()) });
    expect(await refused.ended).toBe(2);
    expect(refused.output()).toMatch(/HOLON_KEY is missing: in production each process must prove its identity/);
    expect(refused.output()).not.toContain(SECRET);
  });
});
