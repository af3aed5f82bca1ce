import { connect, type Socket } from "node:net";

/** What postgres.js hands in when it asks for a socket. Several hosts stand side by side with their ports. */
interface SocketOptions {
  readonly host: readonly string[];
  readonly port: readonly number[];
  /** Of a Unix socket. */
  readonly path?: string | false;
  readonly ssl?: unknown;
}

/** Most times that each host is tried while a connection begins. */
const TRIES_PER_HOST = 2;

/**
 * The sockets of one connection to Postgres: its own, and one for each request to cancel a statement. postgres.js asks for them here.
 *
 * S1. Each of them is destroyed at once when this process says so. Postgres.js only ends them, and an end that the other side does not hear waits
 *     for TCP to give up.
 * S2. A connection that was lost is not opened again: a statement would run outside of its transaction. What asks for a socket then waits for ever;
 *     {@link import("./pool-connection.ts").PoolConnection} has told its user by then.
 */
export class ConnectionSockets {
  readonly #sockets = new Set<Socket>();
  #own: Socket | undefined = undefined;
  #triedCount = 0;
  #isBegun = false;
  #isOver = false;

  /** The connection has answered: from now on it has one life. */
  begun(): void {
    this.#isBegun = true;
  }

  /** The `socket` of postgres.js' options. */
  readonly open = (options: SocketOptions): Promise<Socket> => {
    const isOwn = this.#own === undefined || this.#own.destroyed;
    const isLost = isOwn && (this.#isBegun || this.#triedCount >= TRIES_PER_HOST * options.host.length);
    if (this.#isOver || isLost) return new Promise(() => {});
    const socket = isOwn ? this.#connectOwn(options) : this.#connect(options, this.#triedCount - 1);
    return Promise.resolve(socket);
  };

  /** Cuts all of them off. */
  destroy(): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #connectOwn(options: SocketOptions): Socket {
    this.#own = this.#connect(options, this.#triedCount++);
    return this.#own;
  }

  /** Postgres.js writes as soon as it has the socket; what it writes waits until the socket is connected. */
  #connect(options: SocketOptions, turn: number): Socket {
    const index = turn % options.host.length;
    const host = options.host[index] ?? "localhost";
    const port = options.port[index] ?? 5432;
    const socket = options.path ? connect(options.path) : connect(port, host);
    // Postgres.js reads the name for TLS from here.
    Object.assign(socket, { host, port, ssl: options.ssl });
    for (const known of this.#sockets) if (known.destroyed) this.#sockets.delete(known);
    this.#sockets.add(socket);
    return socket;
  }
}
