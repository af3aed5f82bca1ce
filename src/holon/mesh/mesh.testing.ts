import { randomUUID } from "node:crypto";
import { z } from "zod";
import {
  type AnyProcedure,
  type Contract,
  contract,
  createParser,
  mutation,
  ParseFailure,
  query,
  subscription,
  type Target,
  type TargetMap,
  walkProcedures,
} from "../contract/index.ts";
import { systemClock } from "../kernel/clock.ts";
import { catalogueError } from "../kernel/holon-error.ts";
import { DEFAULT_LIMITS, type Limits } from "../kernel/limits.ts";
import { type Logger, silentLogger } from "../kernel/log.ts";
import type { Principal } from "../kernel/principal.ts";
import { Scope } from "../kernel/scope.ts";
import { Timers } from "../kernel/timers.ts";
import { createMeshServer, type MeshServer } from "./callee/mesh-server.ts";
import { createMeshPeer, type MeshPeer } from "./caller/mesh-peer.ts";
import { createSecretIdentity } from "./identity/process-identity.ts";

/** The secret that all processes of a test share. */
export const SECRET = "correct horse battery staple";

/** A contract with one procedure for each thing that the mesh has to carry. */
export const probe = contract("probe", {
  procedures: {
    echo: query({ access: "public", input: z.object({ text: z.string() }), output: z.object({ text: z.string() }) }),
    nothing: mutation({ access: "internal" }),
    hang: query({ access: "public" }),
    fail: query({ access: "public", input: z.object({ code: z.string() }), errors: { OUT_OF_STOCK: z.object({ available: z.int() }) } }),
    big: query({ access: "public", input: z.object({ length: z.int() }), output: z.string() }),
    who: query({ access: "public", output: z.json() }),
    mine: query({ access: "user", output: z.string() }),
    pay: mutation({ access: "internal", idempotent: true, output: z.string() }),
    count: subscription({ access: "public", input: z.object({ to: z.int() }), output: z.int() }),
  },
});

/** A handler of a test target. A procedure without a handler gets no target. */
type ProbeHandler = (scope: Scope, input: never) => unknown;

/** A target like one of the pipeline, but without the pipeline's checks, so that the mesh cannot rely on them. */
function createProbeTarget(path: string, procedure: AnyProcedure, handler: ProbeHandler): Target {
  const parse = createParser(procedure.input);
  return {
    path,
    procedure,
    async invoke(scope, raw) {
      const input = parse(raw);
      if (input instanceof ParseFailure) throw input.toBadRequest();
      return handler(scope, input as never);
    },
    subscribe(scope, raw) {
      return handler(scope, parse(raw) as never) as AsyncIterable<unknown>;
    },
  };
}

/** Targets for all procedures of a contract that have a handler. */
export function createProbeTargets(from: Contract, handlers: Readonly<Record<string, ProbeHandler>>): TargetMap {
  const targets = new Map<string, Target>();
  for (const [path, procedure] of walkProcedures(from.procedures)) {
    const handler = handlers[path];
    if (handler !== undefined) targets.set(`${from.name}.${path}`, createProbeTarget(`${from.name}.${path}`, procedure, handler));
  }
  return targets;
}

/** Rejects with the reason when the scope is cancelled. */
export function untilCancelled(scope: Scope): Promise<never> {
  return new Promise((_resolve, reject) => scope.onCancel(reject));
}

/** The fields of a log line that a test reads. */
interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A logger that keeps its lines. */
export interface MemoryLogger {
  readonly log: Logger;
  readonly lines: readonly LogLine[];
}

export function createMemoryLogger(): MemoryLogger {
  const lines: LogLine[] = [];
  const at = (level: LogLine["level"]) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as LogLine["fields"], message });
  const log: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), child: () => log };
  return { log, lines };
}

/** The servers and peers of one test, with what they share. All of them close with the stage. */
export class MeshStage {
  readonly timers = new Timers(() => systemClock.monotonicMs());
  readonly limits: Limits;
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(limits: Partial<Limits> = {}) {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
  }

  async server(
    handlers: Readonly<Record<string, ProbeHandler>>,
    options: Partial<Parameters<typeof createMeshServer>[0]> & { readonly contract?: Contract } = {},
  ): Promise<MeshServer> {
    const server = await createMeshServer({
      targets: createProbeTargets(options.contract ?? probe, handlers),
      contexts: ["probe"],
      identity: createSecretIdentity(SECRET),
      host: "127.0.0.1",
      port: 0,
      processName: "callee-1",
      limits: this.limits,
      clock: systemClock,
      timers: this.timers,
      log: silentLogger,
      ...options,
    });
    this.#closers.push(() => server.close());
    return server;
  }

  peer(port: number, deps: Partial<Parameters<typeof createMeshPeer>[0]> = {}): MeshPeer {
    const peer = createMeshPeer({
      url: `mesh://127.0.0.1:${port}`,
      identity: createSecretIdentity(SECRET),
      processName: "caller-1",
      callerContexts: ["edge", "orders"],
      contracts: [probe],
      limits: this.limits,
      clock: systemClock,
      timers: this.timers,
      log: silentLogger,
      random: Math.random,
      newKey: randomUUID,
      ...deps,
    });
    this.#closers.push(() => peer.close());
    return peer;
  }

  /** A scope without a parent. Its deadline is counted from now on. */
  scope(
    options: {
      readonly deadlineMs?: number;
      readonly principal?: Principal;
      readonly caller?: string;
      readonly key?: string;
      readonly initiator?: Principal;
    } = {},
  ): Scope {
    return Scope.root({
      principal: options.principal ?? { kind: "user", id: "u1", roles: ["admin"] },
      deadlineAtMs: systemClock.monotonicMs() + (options.deadlineMs ?? 10_000),
      caller: options.caller ?? "orders",
      key: options.key,
      ...(options.initiator === undefined ? {} : { initiator: options.initiator }),
    });
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
    const left = this.timers.size;
    this.timers.close();
    if (left > 0) throw catalogueError("INTERNAL", `${left} entries were left in the timers`);
  }
}

/** The target of a procedure of {@link probe}. */
export function probeTarget(peer: MeshPeer, name: keyof typeof probe.procedures): Target {
  return peer.target("probe", `probe.${name}`, probe.procedures[name]);
}
