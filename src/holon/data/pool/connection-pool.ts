import type { Clock } from "../../kernel/clock.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { Scope } from "../../kernel/scope.ts";
import { inSystemScope } from "../../kernel/scope-deadline.ts";
import { databaseAway, sqlState, toHolonError, toOpeningError } from "../database-error.ts";
import { type ConnectionOptions, type LossReason, PoolConnection } from "./pool-connection.ts";
import { PoolGate } from "./pool-gate.ts";

interface ConnectionPoolDeps extends ConnectionOptions {
  readonly limits: Limits;
  readonly clock: Clock;
}

/** What the metrics of a pool show. */
export interface PoolStats {
  /** Connections that a call holds now. */
  readonly inUse: number;
  /** Calls that wait for a connection. */
  readonly waiting: number;
  /** Connections that are open. */
  readonly open: number;
}

/** Age at which a connection is replaced, so that a connection to a server that was moved, or memory that the server leaks, does not last for ever. */
const GREATEST_AGE_MS = 30 * 60_000;

/** The longest time that a server may take to answer a ping. */
const PING_TIMEOUT_MS = 2_000;

/** SQLSTATE of a server or a login that has reached its limit of connections. */
const TOO_MANY_CONNECTIONS = "53300";

/** How long `close` waits for statements that still run. */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * The connections of one context in one process: opened at the first use, with one call at a time on each.
 *
 * P1. A connection is released once, and only when its statement and its cancel request are both over: a late cancel must not hit the next call.
 * P2. If one connection becomes silent, the idle connections are ended, because the same network may have lost them too. Otherwise a call on such a connection
 *     would notice the loss only at its deadline.
 * P3. While all slots are taken, urgent statements, such as renewals of leases, and pings do not wait for a slot: the calls that have the slots may depend on
 *     an urgent statement, or may wait for a silent server. An urgent statement runs on one more connection (the spare one), a ping on another one. Each of
 *     these connections is opened for its statement and ended after it.
 */
export class ConnectionPool {
  readonly #deps: ConnectionPoolDeps;
  readonly #gate: PoolGate;
  readonly #open = new Set<PoolConnection>();
  readonly #idle: PoolConnection[] = [];
  readonly #ending = new Set<Promise<unknown>>();
  /** Connections without a slot that are being opened. */
  readonly #opening = new Set<AbortController>();
  readonly #spareGate: PoolGate;
  #spare: PoolConnection | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;
  #drained: (() => void) | undefined = undefined;

  constructor(deps: ConnectionPoolDeps) {
    this.#deps = deps;
    this.#gate = new PoolGate(deps.limits, deps.clock);
    this.#spareGate = new PoolGate({ ...deps.limits, poolCount: 1 }, deps.clock);
  }

  get stats(): PoolStats {
    return { inUse: this.#gate.inUse, waiting: this.#gate.waiting, open: this.#open.size };
  }

  /** An idle connection, if one exists and no call waits. This is the fast path of {@link ConnectionPool.acquire}. */
  tryAcquire(scope: Scope): PoolConnection | undefined {
    if (this.#idle.length === 0 || !this.#gate.free || scope.cancelled !== undefined) return undefined;
    void this.#gate.enter(scope);
    return this.#idle.pop();
  }

  /**
   * Gives a connection to one call, which returns it with `release`.
   *
   * Errors: OVERLOADED, UNAVAILABLE - nothing was executed; the scope's reason if it is cancelled first.
   */
  async acquire(scope: Scope): Promise<PoolConnection> {
    await this.#gate.enter(scope);
    return this.#idle.pop() ?? (await this.#connect(scope));
  }

  /**
   * Like `acquire`, for a statement that must not wait until a slot is free (P3). If the server has no room for the spare connection, the statement waits for a
   * slot.
   */
  async acquireUrgently(scope: Scope): Promise<PoolConnection> {
    if (!this.#gate.full) return this.acquire(scope);
    await this.#spareGate.enter(scope);
    try {
      const connection = await this.#openBeside(scope, (lost, reason) => this.#forget(lost, reason));
      this.#open.add(connection);
      this.#spare = connection;
      return connection;
    } catch (error) {
      this.#spareGate.leave();
      if (sqlState(error) !== TOO_MANY_CONNECTIONS) throw toOpeningError(error);
    }
    return this.acquire(scope);
  }

  /** Releases a connection (P1). A lost or old connection is ended, and so is the spare connection. */
  release(connection: PoolConnection): void {
    if (connection === this.#spare) {
      this.#spare = undefined;
      void this.#end(connection, 0).then(() => this.#spareGate.leave());
      return;
    }
    if (this.#closing !== undefined || this.#deps.clock.monotonicMs() - connection.openedAtMs > GREATEST_AGE_MS) void this.#end(connection);
    else if (!connection.lost) this.#idle.push(connection);
    this.#leave();
  }

  /** Ends a connection whose state is unknown, and frees its slot (P1). */
  discard(connection: PoolConnection): void {
    void this.#end(connection, 0);
    this.#leave();
  }

  /**
   * Pings the server. If all connections are busy, it uses one more connection (P3), because the busy ones may wait for a silent server. Errors: UNAVAILABLE.
   */
  async ping(): Promise<void> {
    const { applicationName: context, clock } = this.#deps;
    await inSystemScope({ context, task: "ping", deadlineMs: PING_TIMEOUT_MS, late: silent }, clock, async (scope) => {
      if (this.#gate.full) await this.#pingApart(scope);
      else await this.#pingOn(await this.acquire(scope), scope);
    });
  }

  /** Refuses new work, waits a limited time for running statements, and ends all connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #connect(scope: Scope): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      let given = false;
      const forget = scope.onCancel((reason) => {
        given = true;
        reject(reason);
      });
      const opened = (connection: PoolConnection) => {
        forget();
        this.#open.add(connection);
        if (given) this.release(connection);
        else resolve(connection);
      };
      const failed = (error: unknown) => {
        forget();
        this.#leave();
        reject(toOpeningError(error));
      };
      PoolConnection.open(this.#deps, this.#deps.clock.monotonicMs(), (lost, reason) => this.#forget(lost, reason)).then(opened, failed);
    });
  }

  /**
   * Pings on a connection that is opened for it. A server that has no room for one more connection counts as alive, because the busy connections of this pool
   * take room too.
   */
  async #pingApart(scope: Scope): Promise<void> {
    try {
      const connection = await this.#openBeside(scope, () => {});
      await connection.close(0);
    } catch (error) {
      if (sqlState(error) !== TOO_MANY_CONNECTIONS) throw toHolonError(error);
    }
  }

  /** Opens a connection without a slot. Errors: the reason of the cancelled scope; UNAVAILABLE after `close`; those of postgres.js. */
  async #openBeside(scope: Scope, onLost: (connection: PoolConnection, reason: LossReason) => void): Promise<PoolConnection> {
    const over = new AbortController();
    this.#opening.add(over);
    const forget = scope.onCancel((reason) => over.abort(reason));
    try {
      return await PoolConnection.open(this.#deps, this.#deps.clock.monotonicMs(), onLost, over.signal);
    } catch (error) {
      throw over.signal.aborted ? over.signal.reason : error;
    } finally {
      forget();
      this.#opening.delete(over);
    }
  }

  async #pingOn(connection: PoolConnection, scope: Scope): Promise<void> {
    const forget = scope.onCancel(() => connection.abandon());
    try {
      await connection.sendSimple("select 1");
    } catch (error) {
      this.discard(connection);
      throw toHolonError(error);
    } finally {
      forget();
    }
    this.release(connection);
  }

  #leave(): void {
    this.#gate.leave();
    if (this.#gate.inUse === 0) this.#drained?.();
  }

  #forget(connection: PoolConnection, reason: LossReason = "closed"): void {
    this.#open.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    // P2. The idle connections may be lost too.
    if (reason === "silent") for (const idle of this.#idle.splice(0)) void this.#end(idle, 0);
  }

  #end(connection: PoolConnection, timeoutMs = CLOSE_TIMEOUT_MS): Promise<void> {
    this.#forget(connection);
    const ending = connection.close(timeoutMs).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    return ending;
  }

  async #close(): Promise<void> {
    this.#gate.close();
    this.#spareGate.close();
    for (const opening of this.#opening) opening.abort(catalogueError("UNAVAILABLE", "The process is stopping."));
    if (this.#gate.inUse > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const connection of [...this.#open]) void this.#end(connection, 1_000);
    await Promise.allSettled(this.#ending);
  }
}

function silent(): HolonError {
  return databaseAway(`The database does not answer within ${PING_TIMEOUT_MS} ms.`);
}
