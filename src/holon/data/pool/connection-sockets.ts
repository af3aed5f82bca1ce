import { connect, type Socket } from "node:net";

/** The options with which postgres.js requests a socket. For several hosts, the names and the ports are two lists in the same order. */
interface SocketOptions {
  readonly host: readonly string[];
  readonly port: readonly number[];
  /** The path of a Unix socket. */
  readonly path?: string | false;
  readonly ssl?: unknown;
}

/** How often each host is tried while a connection begins. */
const TRIES_PER_HOST = 2;

/**
 * The sockets of one connection to Postgres: its own socket, and one for each cancel request. postgres.js requests them here.
 *
 * S1. This process can destroy all of them at once. postgres.js only ends them. If the other side does not receive that end, the sockets stay open until TCP
 *     gives up.
 * S2. A lost connection is not opened again, because a statement would then run outside of its transaction. A later request for a socket waits for ever;
 *     {@link import("./pool-connection.ts").PoolConnection} has reported the loss by then.
 */
export class ConnectionSockets {
  readonly #sockets = new Set<Socket>();
  #own: Socket | undefined = undefined;
  #triedCount = 0;
  #isBegun = false;
  #isOver = false;

  /** Called when the connection has answered. From now on it is not opened again. */
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

  /** Cuts all sockets off. */
  destroy(): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #connectOwn(options: SocketOptions): Socket {
    this.#own = this.#connect(options, this.#triedCount++);
    return this.#own;
  }

  /** postgres.js writes as soon as it has the socket. The data waits until the socket is connected. */
  #connect(options: SocketOptions, turn: number): Socket {
    const index = turn % options.host.length;
    const host = options.host[index] ?? "localhost";
    const port = options.port[index] ?? 5432;
    const socket = options.path ? connect(options.path) : connect(port, host);
    // postgres.js reads the name for TLS from here.
    Object.assign(socket, { host, port, ssl: options.ssl });
    for (const known of this.#sockets) if (known.destroyed) this.#sockets.delete(known);
    this.#sockets.add(socket);
    return socket;
  }
}
