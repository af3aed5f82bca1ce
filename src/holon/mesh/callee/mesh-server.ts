import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describeProcedure } from "../../contract/fingerprint.ts";
import type { Target, TargetMap } from "../../contract/index.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { TimerCallback } from "../../kernel/timers.ts";
import { addTraffic, type MeshDeps, type MeshStats, noTraffic } from "../connection/link.ts";
import type { MeshTls } from "../connection/mesh-tls.ts";
import type { ProcessIdentity } from "../identity/process-identity.ts";
import { MESH_FEATURES, type OfferedProcedure } from "../protocol/hello.ts";
import { ServerConnection, type ServerConnectionDeps } from "./server-connection.ts";
import { createUpgradeServer } from "./upgrade-server.ts";

interface MeshServerDeps extends MeshDeps {
  /** The procedures of the contexts that this process hosts. Nothing else can be called. */
  readonly targets: TargetMap;
  readonly contexts: readonly string[];
  /** What this process understands beyond `holon-mesh/1`. Default: {@link MESH_FEATURES}. */
  readonly features?: readonly string[] | undefined;
  /** How this process and its callers authenticate each other. */
  readonly identity: ProcessIdentity;
  /** The certificate of this process, and the authority that must have signed those of its callers. Without `tls` the mesh is not encrypted. */
  readonly tls?: MeshTls | undefined;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Name of this process in the logs of its peers. */
  readonly processName: string;
}

/** The callee's side of the mesh: accepts connections of other processes and hands their calls to targets. */
export interface MeshServer {
  readonly port: number;
  /** Accepts no new connection and no new call. Resolves when the calls in flight are answered, or after `graceMs`. */
  drain(): Promise<void>;
  /** Closes at once: calls in flight are cancelled. */
  close(): Promise<void>;
  connections(): number;
  /** How many of the connected callers have announced a feature. */
  peersWith(feature: string): number;
  stats(): MeshStats;
}

/**
 * Opens the mesh port.
 *
 * Errors: UNAVAILABLE if the port cannot be opened; the message has the host, the port and the cause.
 */
export async function createMeshServer(deps: MeshServerDeps): Promise<MeshServer> {
  const server = new RunningMeshServer(deps);
  await server.listen();
  return server;
}

class RunningMeshServer implements MeshServer {
  port = 0;
  readonly #deps: MeshServerDeps;
  readonly #http: Server;
  readonly #connectionDeps: ServerConnectionDeps;
  readonly #connections = new Set<ServerConnection>();
  readonly #past = noTraffic();
  #draining: Promise<void> | undefined = undefined;
  #closed: Promise<void> | undefined = undefined;
  #onEmpty: (() => void) | undefined = undefined;

  constructor(deps: MeshServerDeps) {
    this.#deps = deps;
    const { limits, clock, timers, log, contexts, processName, identity, tls, features = MESH_FEATURES } = deps;
    const targets = [...deps.targets.values()];
    const lines = targets.map(describeTarget);
    this.#connectionDeps = {
      limits,
      clock,
      timers,
      log,
      contexts,
      features,
      processName,
      vouching: identity.principals,
      targets,
      offer: (known) =>
        lines.map((line) => (known[line.path] === line.hash || !Object.hasOwn(known, line.path) ? { path: line.path, hash: line.hash } : line)),
      onClose: (connection) => this.#onClose(connection),
    };
    this.#http = createUpgradeServer({
      limits,
      clock,
      timers,
      log,
      identity,
      tls,
      draining: () => this.#draining !== undefined,
      accept: (socket, head, peer) => {
        const connection = new ServerConnection(this.#connectionDeps, socket, peer);
        this.#connections.add(connection);
        connection.start(head);
      },
    });
  }

  listen(): Promise<void> {
    const { host, port } = this.#deps;
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void =>
        reject(catalogueError("UNAVAILABLE", `The mesh port ${host}:${port} cannot be opened: ${cause.message}.`, { cause }));
      this.#http.once("error", fail);
      this.#http.listen(port, host, () => {
        this.#http.off("error", fail);
        this.port = (this.#http.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  connections(): number {
    return this.#connections.size;
  }

  peersWith(feature: string): number {
    return [...this.#connections].filter(({ peer }) => peer.has(feature)).length;
  }

  stats(): MeshStats {
    const sum = { connections: this.#connections.size, open: 0, ...this.#past };
    for (const connection of this.#connections) {
      sum.open += connection.openCount;
      addTraffic(sum, connection.link);
    }
    return sum;
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  async close(): Promise<void> {
    this.#draining ??= Promise.resolve();
    for (const connection of [...this.#connections]) connection.link.destroy("this process stops");
    this.#onEmpty?.();
    this.#http.closeAllConnections();
    await this.#stopListening();
  }

  #stopListening(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => this.#http.close(() => resolve()));
    return this.#closed;
  }

  async #drain(): Promise<void> {
    const { timers, clock, limits } = this.#deps;
    void this.#stopListening();
    this.#http.closeIdleConnections();
    if (this.#connections.size === 0) return;
    for (const connection of [...this.#connections]) connection.drain();
    const graceTimeout = new TimerCallback(() => this.#onEmpty?.());
    timers.add(graceTimeout, clock.monotonicMs() + limits.graceMs);
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      if (this.#connections.size === 0) resolve();
    });
    timers.remove(graceTimeout);
  }

  #onClose(connection: ServerConnection): void {
    this.#connections.delete(connection);
    addTraffic(this.#past, connection.link);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }
}

function describeTarget({ path, procedure }: Target): OfferedProcedure {
  const description = describeProcedure(procedure);
  return { path, hash: description.hash, description };
}
