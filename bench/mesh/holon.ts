import { randomUUID } from "node:crypto";
import { contract, createParser, ParseFailure, query, type Target } from "../../src/holon/contract/index.ts";
import { DEFAULT_LIMITS, type Principal, Scope, silentLogger, systemClock, TimerWheel } from "../../src/holon/kernel/index.ts";
import { createMeshPeer, createMeshServer } from "../../src/holon/transport/mesh/index.ts";
import type { Contender, ContenderClient } from "./contender.ts";
import { findProduct, GetInput, Product } from "./domain.ts";

/** The mesh with authentication, deadlines on both ends, trace, principal, and parsing of input (both ends) and output. */
export const holon: Contender = { startServer, createClient };

const catalog = contract("catalog", { procedures: { get: query({ access: "user", input: GetInput, output: Product }) } });
const PATH = "catalog.get";
const SECRET = "a secret for the bench";
const CALL_MS = 10_000;

function services() {
  return { limits: DEFAULT_LIMITS, clock: systemClock, wheel: new TimerWheel(() => systemClock.monotonicMs()), log: silentLogger };
}

/** Serves products. */
export async function startServer(port: number): Promise<{ close(): Promise<void> }> {
  const procedure = catalog.procedures.get;
  const parseInput = createParser(procedure.input);
  const parseOutput = createParser(procedure.output);
  const handler = (input: { id: number }): unknown => findProduct(input.id);
  const target: Target = {
    path: PATH,
    procedure,
    async invoke(_scope, raw) {
      const input = parseInput(raw);
      if (input instanceof ParseFailure) throw input.toBadRequest();
      const output = parseOutput(handler(input as { id: number }));
      if (output instanceof ParseFailure) throw output.toBadRequest();
      return output;
    },
    subscribe() {
      throw new TypeError("the bench has no streams");
    },
  };
  return createMeshServer({
    ...services(),
    targets: new Map([[PATH, target]]),
    contexts: ["catalog"],
    secret: SECRET,
    host: "127.0.0.1",
    port,
    processName: "catalog",
  });
}

/** How many calls one request makes here: a trace id is made for a request, not for a call. */
const CALLS_A_REQUEST = 8;

/** Asks for products, from the scope of a request, as a handler does. */
export async function createClient(port: number): Promise<ContenderClient> {
  const peer = createMeshPeer({
    ...services(),
    url: `mesh://127.0.0.1:${port}`,
    secret: SECRET,
    processName: "orders",
    callerContexts: ["orders"],
    contracts: [catalog],
    random: Math.random,
    newKey: randomUUID,
  });
  await peer.ready();
  const target = peer.target("catalog", PATH, catalog.procedures.get);
  const principal: Principal = { kind: "user", id: "4f9c4f3e-9d5b-4bb5-8a52-0e3c3bd3b0aa", roles: ["buyer"] };
  const newRequest = (): Scope => Scope.root({ principal, deadlineAtMs: systemClock.monotonicMs() + CALL_MS, caller: "edge" });
  let request = newRequest();
  let calls = 0;
  return {
    get: (id) => {
      if (++calls % CALLS_A_REQUEST === 0) request = newRequest();
      return target.invoke(request.child("orders", principal, request.deadlineAtMs, undefined), { id }) as ReturnType<ContenderClient["get"]>;
    },
    close: () => peer.close(),
  };
}
