import { randomInt } from "node:crypto";
import type { Clock } from "../../kernel/clock.ts";
import type { HolonError } from "../../kernel/holon-error.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { Logger } from "../../kernel/log.ts";
import { databaseAway, toHolonError } from "../database-error.ts";
import { quoteIdentifier } from "../identifier.ts";
import { answerWithin, type ConnectionOptions, PoolConnection } from "../pool/pool-connection.ts";

/**
 * The processes of an app wake each other through this hub. It has one connection that listens for each database address of this process. The contexts with
 * that address share the connection, and it is opened for the first listener.
 *
 * A notification may be lost, so every listener also polls now and then.
 */
export class NotifyHub implements Closable {
  readonly #deps: NotifyDeps;
  readonly #clients = new Map<string, NotifyClient>();
  #closed = false;

  constructor(deps: NotifyDeps) {
    this.#deps = deps;
  }

  /** How many connections listen or are being opened. */
  get size(): number {
    return this.#clients.size;
  }

  /**
   * Listens to a channel of a database. The listener is called once when listening begins, and again after each interruption. Returns the function that
   * removes the listener.
   */
  listen(url: string, channel: string, listener: NotifyListener): () => void {
    if (this.#closed) return () => {};
    let client = this.#clients.get(url);
    if (client === undefined) {
      client = new NotifyClient(url, this.#deps);
      this.#clients.set(url, client);
    }
    return client.listen(channel, listener);
  }

  /** Sends a notification on a channel over the connection that listens. Undefined if no connection listens, because this method does not open one. */
  notify(url: string, channel: string, sender: string): Promise<unknown> | undefined {
    return this.#clients.get(url)?.notify(channel, sender);
  }

  /** Whether notifications of a database are received, for readiness. Before the first listener nothing counts as failing. */
  standing(url: string): NotifyStanding {
    const client = () => this.#clients.get(url);
    return {
      name: "notifications of other processes",
      get failingSinceMs() {
        return client()?.failingSinceMs;
      },
      get reason() {
        return client()?.reason ?? "";
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
  }
}

/**
 * Makes the hub through which the contexts of a process receive notifications of other processes. Pass it to
 * {@link import("../context-data.ts").createContextData}.
 */
export function createNotifyHub(deps: NotifyDeps): NotifyHub {
  return new NotifyHub(deps);
}

/**
 * Called with the sender of a notification on a channel. The sender is undefined if notifications may have been missed, for example because there was no
 * connection.
 */
type NotifyListener = (sender: string | undefined) => void;

/** The commit of a notification need not wait for the disk: nothing is lost if the server forgets the notification in a crash. */
export const NOTIFY_TEXT = "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";

/**
 * How often the server is pinged, because a broken network is not noticed otherwise. After a failure, a connection counts as good only after its first ping.
 */
const PULSE_MS = 2_000;
/** The longest time that the server may take for an answer on this connection. */
const ANSWER_MS = 2_000;
const RETRY_FIRST_MS = 50;
const RETRY_GREATEST_MS = 5_000;

/** The limits that the server would enforce are off on this connection. */
const NO_LIMITS = { statementTimeoutMs: 0, lockTimeoutMs: 0, idleInTransactionMs: 0 };

interface NotifyDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Whether a process receives notifications, for readiness. */
export interface NotifyStanding {
  readonly name: string;
  /**
   * Since this time no notification can be received, or each new connection was lost before it answered a ping. On the monotonic clock; undefined while
   * notifications are received.
   */
  readonly failingSinceMs: number | undefined;
  /** Why the last connection was lost or could not be opened. */
  readonly reason: string;
}

/**
 * The only connection of a process to a database address that receives NOTIFY. It works as the login itself, because channels need no rights, and runs nothing
 * but LISTEN and NOTIFY.
 *
 *     idle --first listen()--> connecting --connected--> open --all channels listened--> listening (wakes all listeners once: they may have missed something)
 *     connecting, open, listening --connection lost, or no answer in time--> waiting --pause, longer each time--> connecting
 *     any --close()--> closed
 *
 * N1. Every answer has a time limit that a timer of this process keeps. If an answer does not come, the connection is cut off.
 * N2. Pauses grow until a connection has answered a ping. So a server that ends each connection is not flooded with attempts, and the loss is logged once.
 *
 * It has its own timers and does not use the loops of background work: those belong to a higher floor, and they repeat a short piece of work, while this
 * connection stays open.
 */
class NotifyClient {
  readonly #options: ConnectionOptions;
  readonly #deps: NotifyDeps;
  readonly #channels = new Map<string, Set<NotifyListener>>();
  readonly #listened = new Set<string>();
  readonly #closing = new AbortController();
  #connection: PoolConnection | undefined = undefined;
  #isOpening = false;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #pulse: NodeJS.Timeout | undefined = undefined;
  #failingSinceMs: number | undefined = undefined;
  #reason = "";

  constructor(url: string, deps: NotifyDeps) {
    const onNotify = (channel: string, sender: string): void => this.#wake(channel, sender);
    this.#options = { url, role: undefined, applicationName: "holon listen", limits: NO_LIMITS, readsTypes: false, onNotify };
    this.#deps = deps;
  }

  get failingSinceMs(): number | undefined {
    return this.#failingSinceMs;
  }

  get reason(): string {
    return this.#reason;
  }

  /** Starts to listen. The listener is called once when the server listens. Returns the function that removes the listener. */
  listen(channel: string, listener: NotifyListener): () => void {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(listener));
    if (this.#listened.has(channel)) listener(undefined);
    else if (this.#connection !== undefined) void this.#listenAll(this.#connection);
    else if (!this.#isOpening && this.#timer === undefined) void this.#open();
    return () => listeners.delete(listener);
  }

  /** Sends a notification on a channel; undefined if no connection is known to work. */
  notify(channel: string, sender: string): Promise<unknown> | undefined {
    const connection = this.#pulse === undefined ? undefined : this.#connection;
    if (connection === undefined) return undefined;
    return this.#answer(connection, connection.send(NOTIFY_TEXT, [channel, sender], { prepare: true, rows: "arrays" }));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    this.#channels.clear();
    await this.#connection?.close(1_000);
  }

  async #open(): Promise<void> {
    this.#timer = undefined;
    this.#isOpening = true;
    try {
      const connection = await PoolConnection.open(
        this.#options,
        0,
        (lost, reason) => this.#lost(lost, reason === "silent" ? silent() : undefined),
        this.#closing.signal,
      );
      this.#connection = connection;
      void this.#listenAll(connection);
    } catch (error) {
      this.#openLater(error);
    } finally {
      this.#isOpening = false;
    }
  }

  /** Listens to the channels that were added since the last call. A second LISTEN on a channel has no effect. */
  async #listenAll(connection: PoolConnection): Promise<void> {
    const missing = [...this.#channels.keys()].filter((channel) => !this.#listened.has(channel));
    try {
      for (const channel of missing) await this.#answer(connection, connection.sendSimple(`listen ${quoteIdentifier(channel)}`));
    } catch (error) {
      this.#lost(connection, error);
      return;
    }
    if (this.#connection !== connection) return;
    this.#pulse ??= this.#startPulse(connection);
    for (const channel of missing) {
      this.#listened.add(channel);
      this.#wake(channel, undefined);
    }
  }

  #wake(channel: string, sender: string | undefined): void {
    for (const listener of this.#channels.get(channel) ?? []) listener(sender);
  }

  #startPulse(connection: PoolConnection): NodeJS.Timeout {
    const pulse = setInterval(() => {
      this.#answer(connection, connection.sendSimple("select 1")).then(
        () => this.#proven(connection),
        () => {},
      );
    }, PULSE_MS);
    return pulse.unref();
  }

  #proven(connection: PoolConnection): void {
    if (this.#connection !== connection || this.#failingSinceMs === undefined) return;
    this.#attempt = 0;
    this.#failingSinceMs = undefined;
    this.#deps.log.info({}, "notifications of other processes are received again");
  }

  #answer<Answer>(connection: PoolConnection, answer: PromiseLike<Answer>): Promise<Answer> {
    return answerWithin(ANSWER_MS, answer, () => {
      connection.abandon();
      return silent();
    });
  }

  #lost(connection: PoolConnection, error?: unknown): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#listened.clear();
    clearInterval(this.#pulse);
    this.#pulse = undefined;
    connection.cutOff();
    this.#openLater(error);
  }

  #openLater(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    const { clock, log } = this.#deps;
    if (this.#failingSinceMs === undefined)
      log.warn(
        { err: error },
        "the connection that receives notifications of other processes was lost; it is opened again, and until then this process looks for new work by itself",
      );
    this.#failingSinceMs ??= clock.monotonicMs();
    this.#reason = error === undefined ? "the server ended the connection" : toHolonError(error).message;
    const ceilingMs = Math.min(RETRY_GREATEST_MS, RETRY_FIRST_MS * 2 ** Math.min(this.#attempt++, 10));
    this.#timer = setTimeout(() => void this.#open(), randomInt(1, ceilingMs + 1));
    this.#timer.unref();
  }
}

function silent(): HolonError {
  return databaseAway(`The database does not answer within ${ANSWER_MS} ms.`);
}
