import { randomUUID } from "node:crypto";
import { type AnyProcedure, type Target, walkProcedures } from "../../src/holon/contract/index.ts";
import { systemClock } from "../../src/holon/kernel/clock.ts";
import { HolonError } from "../../src/holon/kernel/holon-error.ts";
import { silentLogger } from "../../src/holon/kernel/log.ts";
import type { Principal } from "../../src/holon/kernel/principal.ts";
import { Scope } from "../../src/holon/kernel/scope.ts";
import { createMeshPeer, type MeshPeer } from "../../src/holon/mesh/caller/mesh-peer.ts";
import { createKeyIdentity } from "../../src/holon/mesh/identity/process-identity.ts";
import { Roster } from "../../src/holon/mesh/identity/roster.ts";
import { shapeOf } from "../../src/holon/process/app/define-app.ts";
import { startTopology, TestKeys } from "../../src/holon/testing/start-topology.ts";
import { contracts, createAccessApp } from "./app.ts";

/** One cell of the matrix: a caller, a callee and a procedure. */
export interface Cell {
  readonly caller: string;
  readonly callee: string;
  readonly path: string;
  readonly procedure: AnyProcedure;
  readonly isDeclared: boolean;
}

/** The result of a call: the answer or the code of the refusal, and the handlers that were called. */
export type Outcome = readonly [ended: string, entered: readonly string[]];

/** The contexts of the app for which the matrix is made, as they declare themselves. */
export const SHAPES = shapeOf(createAccessApp(() => {})).contexts;

/** All cells of the matrix: every context calls every procedure of every context. */
export const CELLS: readonly Cell[] = SHAPES.flatMap(({ name: caller, calls }) =>
  Object.values(contracts).flatMap(({ name: callee, procedures }) =>
    [...walkProcedures(procedures)].map(([path, procedure]) => ({
      ...{ caller, callee, procedure },
      path: `${callee}.${path}`,
      isDeclared: calls.includes(callee),
    })),
  ),
);

/** The app in one topology. Tests call it without types: with any key, under any context name, and for any principal. */
export class AccessWorld {
  readonly #entered: string[] = [];
  readonly #keys = new TestKeys(
    SHAPES.map(({ name }) => name),
    "test",
  );
  readonly #peers = new Map<string, MeshPeer>();
  readonly #topology: "together" | "apart";
  #started!: Awaited<ReturnType<typeof startTopology>>;

  constructor(topology: "together" | "apart") {
    this.#topology = topology;
  }

  async start(): Promise<void> {
    const app = createAccessApp((path) => this.#entered.push(path));
    this.#started = await startTopology({
      ...{ app, topology: this.#topology, guests: [], log: silentLogger, clock: systemClock, wrapTarget: (target) => target },
      ...(this.#topology === "apart" ? { keys: this.#keys } : {}),
      secret: "of this test",
      // No context here has tables, so no process connects.
      databaseUrl: "postgres://nobody@127.0.0.1:1/nothing",
    });
  }

  get publicUrl(): string {
    return String(this.#started.edge.edge?.url);
  }

  /** Calls as a context. By default it uses the context's own key. */
  async call(cell: Cell, principal: Principal, caller = cell.caller, key = cell.caller): Promise<Outcome> {
    const target = await this.#reach(cell, caller, key);
    const from = this.#entered.length;
    const scope = Scope.root({ principal, caller, deadlineAtMs: systemClock.monotonicMs() + 30_000 });
    return [await endOf(target, scope), this.#entered.slice(from)];
  }

  /** Which handlers an HTTP request to the public port calls. */
  async ask(path: string): Promise<Outcome> {
    const from = this.#entered.length;
    const answer = await fetch(`${this.publicUrl}/trpc/${path}`, { method: "POST", headers: { "content-type": "application/json" } });
    return [String(answer.status), this.#entered.slice(from)];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#peers.values()].map((peer) => peer.close()));
    for (const running of this.#started.processes) await running.close();
  }

  async #reach({ callee, path, procedure }: Cell, caller: string, key: string): Promise<Target> {
    const { resolve, plan, timers, mesh } = this.#started.host(callee);
    if (this.#topology === "together") return resolve(callee, path, procedure);
    const name = JSON.stringify([key, caller, callee]);
    const { limits } = plan;
    const peer =
      this.#peers.get(name) ??
      createMeshPeer({
        ...{ limits, timers, clock: systemClock, log: silentLogger, random: Math.random, newKey: randomUUID },
        url: `mesh://127.0.0.1:${mesh?.port}`,
        identity: createKeyIdentity({ key: this.#keys.of(key), roster: new Roster(this.#keys.peers), clock: systemClock, limits }),
        processName: "test",
        callerContexts: [caller],
        contracts: [contracts[callee as keyof typeof contracts]],
      });
    this.#peers.set(name, peer);
    await peer.ready();
    return peer.target(callee, path, procedure);
  }
}

async function endOf(target: Target, scope: Scope): Promise<string> {
  try {
    if (target.procedure.type !== "subscription") return String(await target.invoke(scope, undefined));
    for await (const item of target.subscribe(scope, undefined)) return String(item);
    return "ended";
  } catch (error) {
    return error instanceof HolonError ? error.code : String(error);
  }
}
