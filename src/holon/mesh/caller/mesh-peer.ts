import { describeProcedure } from "../../contract/fingerprint.ts";
import { type AnyProcedure, type Contract, type Target, walkProcedures } from "../../contract/index.ts";
import { fullJitterMs } from "../../kernel/backoff.ts";
import { catalogueError, HolonError } from "../../kernel/holon-error.ts";
import type { Scope } from "../../kernel/scope.ts";
import { TimerCallback } from "../../kernel/timers.ts";
import { addTraffic, type MeshDeps, type MeshStats, noTraffic } from "../connection/link.ts";
import type { MeshTls } from "../connection/mesh-tls.ts";
import type { ProcessIdentity } from "../identity/process-identity.ts";
import { type CalleeHello, MESH_FEATURES } from "../protocol/hello.ts";
import { ConnectionWaiter } from "./connection-waiter.ts";
import { Dial, type MeshAddress, parseMeshAddress } from "./dial.ts";
import { PeerConnection, type PeerConnectionOwner } from "./peer-connection.ts";
import { type ExpectedProcedure, type RemotePeer, RemoteTarget, type Route, toRoutes } from "./remote-target.ts";

interface MeshPeerDeps extends MeshDeps {
  /** `mesh://host:port` or `http://host:port`. */
  readonly url: string;
  /** How this process and the peer authenticate each other. */
  readonly identity: ProcessIdentity;
  /** The certificate of this process, and the authority that must have signed that of the peer. Without `tls` the mesh is not encrypted. */
  readonly tls?: MeshTls | undefined;
  /** Name of this process in the peer's log. */
  readonly processName: string;
  /** The contexts that this process calls for, with `edge` if it serves the edge. */
  readonly callerContexts: readonly string[];
  /** The contracts of the contexts that the peer should host. */
  readonly contracts: readonly Contract[];
  /** Optional features of the protocol that this process supports, besides `holon-mesh/1`. Default: {@link MESH_FEATURES}. */
  readonly features?: readonly string[] | undefined;
  /** Returns a number in [0, 1). */
  readonly random: () => number;
  /** Makes an idempotency key. */
  readonly newKey: () => string;
}

/** Whether calls can be made now. If not, `reason` says why. */
interface MeshPeerState {
  readonly status: "connecting" | "ready" | "closed";
  readonly reason: string | undefined;
}

/** The caller's side of the mesh: another process, and the procedures that it offers. */
export interface MeshPeer {
  /** The target for a procedure of that process. `path` begins with the context's name. */
  target(contextName: string, path: string, procedure: AnyProcedure): Target;
  state(): MeshPeerState;
  /** Whether the process that is connected now has announced a feature. */
  has(feature: string): boolean;
  /** Resolves when calls can be made. Rejects with UNAVAILABLE if the peer is closed first. */
  ready(): Promise<void>;
  /** Fails all open calls and streams, and does not connect again. */
  close(): Promise<void>;
  stats(): MeshStats;
}

/** Bounds of the wait between two attempts to connect. */
const RECONNECT = { firstMs: 50, greatestMs: 2_000 } as const;

/** How long a call waits for a connection. */
const CONNECTION_WAIT_MS = 1_000;

/**
 * Makes the caller's side of the mesh and begins to connect.
 *
 * Errors: BAD_REQUEST if the address is malformed.
 * Guarantee: connects again, with growing jittered waits, until it is closed.
 */
export function createMeshPeer(deps: MeshPeerDeps): MeshPeer {
  return new ConnectingMeshPeer(deps);
}

/**
 *   dialing --open--> greeting --hello--> ready
 *   dialing, greeting, ready --failed, lost, goaway--> waiting --jittered time--> dialing
 *   any --close()--> closed
 *
 * I1. One connection at most takes calls. An earlier connection that got GOAWAY stays open beside it until its calls have ended.
 * I2. While no connection takes calls, one attempt to connect or the wait for the next attempt is under way. Both end when the peer is closed.
 * I3. A call waits for a connection for one second at most, and not beyond its deadline. If none comes, nothing of the call was sent, and its error says
 *     `executed: "no"`.
 * I4. The routes are those of the present connection's greeting: a target that has looked up its number on an earlier connection looks it up again.
 */
class ConnectingMeshPeer implements MeshPeer, RemotePeer, PeerConnectionOwner {
  connection: PeerConnection | undefined = undefined;
  readonly newKey: () => string;
  readonly #deps: MeshPeerDeps;
  readonly #address: MeshAddress;
  readonly #expected = new Map<string, ExpectedProcedure>();
  readonly #connections = new Set<PeerConnection>();
  readonly #waiters = new Set<ConnectionWaiter>();
  /** Waiting streams are counted apart from waiting calls, because all streams to a process are opened again at once when the process is back. */
  readonly #streamWaiters = new Set<ConnectionWaiter>();
  readonly #past = noTraffic();
  #routes: ReadonlyMap<string, Route> = new Map();
  #dial: Dial | undefined = undefined;
  #retry: TimerCallback | undefined = undefined;
  #attempt = 0;
  #readyAtMs = 0;
  #reason: string | undefined = "not connected yet";
  #closed = false;
  #readyPromises: { resolve: () => void; reject: (error: HolonError) => void }[] = [];

  constructor(deps: MeshPeerDeps) {
    this.#deps = deps;
    this.newKey = deps.newKey;
    this.#address = parseMeshAddress(deps.url);
    for (const contract of deps.contracts) {
      for (const [path, procedure] of walkProcedures(contract.procedures)) {
        this.#expected.set(`${contract.name}.${path}`, { contextName: contract.name, description: describeProcedure(procedure) });
      }
    }
    this.#connect();
  }

  target(contextName: string, path: string, procedure: AnyProcedure): Target {
    if (!this.#expected.has(path))
      throw catalogueError("NOT_FOUND", `${path} is in none of the contracts that this peer was made with (context ${contextName}).`);
    return new RemoteTarget(path, procedure, this);
  }

  state(): MeshPeerState {
    if (this.#closed) return { status: "closed", reason: "the peer was closed" };
    return this.connection === undefined ? { status: "connecting", reason: this.#reason } : { status: "ready", reason: undefined };
  }

  has(feature: string): boolean {
    return this.connection?.peer.has(feature) === true;
  }

  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closedError());
    if (this.connection !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => this.#readyPromises.push({ resolve, reject }));
  }

  connected(scope: Scope, isStream = false): Promise<PeerConnection> {
    if (this.#closed) return Promise.reject(this.#closedError());
    if (this.connection !== undefined) return Promise.resolve(this.connection);
    const { limits, timers, clock } = this.#deps;
    const waiters = isStream ? this.#streamWaiters : this.#waiters;
    const limit = isStream ? "meshStreamCount" : "meshConcurrencyCount";
    if (waiters.size >= limits[limit]) {
      const what = isStream ? "streams" : "calls";
      return Promise.reject(catalogueError("OVERLOADED", `More than ${limits[limit]} ${what} wait for ${this.#deps.url} (limit ${limit}).`));
    }
    const waiter = new ConnectionWaiter(
      scope,
      () => ({ message: `${this.#hostedThere} cannot be reached.`, reason: `There is no connection to ${this.#deps.url}: ${this.#reason}.` }),
      (over) => {
        waiters.delete(over);
        timers.remove(over);
      },
    );
    waiters.add(waiter);
    timers.add(waiter, Math.min(scope.deadlineAtMs, clock.monotonicMs() + CONNECTION_WAIT_MS));
    return waiter.promise;
  }

  get #hostedThere(): string {
    return this.#deps.contracts.map(({ name }) => name).join(" and ");
  }

  route(path: string): Route {
    return this.#routes.get(path) ?? catalogueError("NOT_FOUND", `${path} is in none of the contracts that this peer was made with.`);
  }

  stats(): MeshStats {
    const sum = { connections: this.#connections.size, open: this.#waiters.size + this.#streamWaiters.size, ...this.#past };
    for (const connection of this.#connections) {
      sum.open += connection.openCount;
      addTraffic(sum, connection.link);
    }
    return sum;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#dial?.cancel();
    if (this.#retry !== undefined) this.#deps.timers.remove(this.#retry);
    this.connection = undefined;
    this.#reason = "the peer was closed";
    for (const waiter of [...this.#waiters, ...this.#streamWaiters]) waiter.expire();
    for (const { reject } of this.#readyPromises.splice(0)) reject(this.#closedError());
    const links = [...this.#connections].map((connection) => connection.link);
    for (const link of links) link.destroy("the peer was closed");
    await Promise.all(links.map((link) => link.gone()));
  }

  onGreeting(connection: PeerConnection, hello: CalleeHello): void {
    const { clock, log, url } = this.#deps;
    // I4. The routes are set before the connection takes calls.
    this.#routes = toRoutes(this.#expected, hello);
    for (const route of this.#routes.values()) {
      if (route instanceof HolonError) log.error({ peer: url, process: hello.process, code: route.code }, route.message);
    }
    log.info({ peer: url, process: hello.process, contexts: hello.contexts, features: hello.features }, "mesh connection ready");
    this.connection = connection;
    this.#readyAtMs = clock.monotonicMs();
    for (const waiter of [...this.#waiters, ...this.#streamWaiters]) waiter.connected(connection);
    for (const { resolve } of this.#readyPromises.splice(0)) resolve();
  }

  onGoaway(connection: PeerConnection): void {
    this.#deps.log.info({ peer: this.#deps.url }, "the mesh peer is stopping");
    if (connection === this.connection) this.#lost("the peer is stopping");
  }

  onClose(connection: PeerConnection, reason: string): void {
    this.#connections.delete(connection);
    addTraffic(this.#past, connection.link);
    if (this.#closed) return;
    this.#deps.log.info({ peer: this.#deps.url, reason }, "mesh connection closed");
    // A connection that got GOAWAY was treated as lost at once, and the next attempt to connect was planned then.
    if (connection === this.connection || !connection.greeted) this.#lost(reason);
  }

  #connect(): void {
    const { identity, tls, contracts, limits, clock, timers, log, processName, callerContexts, features = MESH_FEATURES } = this.#deps;
    this.#retry = undefined;
    this.#attempt++;
    this.#dial = new Dial({
      limits,
      clock,
      timers,
      log,
      identity,
      tls,
      contexts: contracts.map(({ name }) => name),
      address: this.#address,
      onFail: (reason) => {
        log.debug({ peer: this.#deps.url, reason, attempt: this.#attempt }, "mesh connection failed");
        this.#lost(reason);
      },
      onOpen: (socket, head) => {
        const deps = { limits, clock, timers, log: log.child({ peer: this.#deps.url }) };
        const connection = new PeerConnection(socket, this, deps, callerContexts, identity.principals);
        this.#connections.add(connection);
        const procedures = Object.fromEntries([...this.#expected].map(([path, { description }]) => [path, description.hash]));
        connection.start(head, { process: processName, callers: callerContexts, frameBytes: limits.frameBytes, features, procedures });
      },
    });
  }

  /** Plans the next attempt. If the connection was ready for longer than the greatest wait, the waits start again with the shortest one. */
  #lost(reason: string): void {
    const { clock, timers, random, log, url } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (this.connection !== undefined && nowMs - this.#readyAtMs > RECONNECT.greatestMs) this.#attempt = 0;
    if (reason !== this.#reason) log.warn({ peer: url, reason }, "no mesh connection; trying again");
    this.connection = undefined;
    this.#reason = reason;
    // I2. The attempt that failed is over.
    this.#retry = new TimerCallback(() => this.#connect());
    timers.add(this.#retry, nowMs + fullJitterMs(Math.max(1, this.#attempt), RECONNECT, random));
  }

  #closedError(): HolonError {
    return catalogueError("UNAVAILABLE", `The peer ${this.#deps.url} was closed.`, { executed: "no" });
  }
}
