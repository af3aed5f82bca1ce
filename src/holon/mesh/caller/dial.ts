import { connect, type Socket } from "node:net";
import { connect as connectSecurely, type TLSSocket } from "node:tls";
import { catalogueError } from "../../kernel/holon-error.ts";
import { TimerCallback } from "../../kernel/timers.ts";
import type { MeshDeps } from "../connection/link.ts";
import { channelOf, type MeshTls, tlsOptions } from "../connection/mesh-tls.ts";
import type { ProcessIdentity } from "../identity/process-identity.ts";
import { MESH_PROTOCOL } from "../protocol/frame-kind.ts";
import { createNonce, type Handshake, isNonce } from "../protocol/handshake.ts";

/** The address of a peer. */
export interface MeshAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `mesh://host:port` or `http://host:port`.
 *
 * Errors: BAD_REQUEST for anything else; the message says what to write.
 */
export function parseMeshAddress(url: string): MeshAddress {
  const match = /^(?:mesh|http):\/\/(\[[0-9a-fA-F:.]+\]|[^/:@?#\s]+):(\d{1,5})\/?$/.exec(url);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) throw catalogueError("BAD_REQUEST", `"${url}" is not a mesh address; write mesh://host:port.`);
  return { host: (match[1] as string).replace(/^\[|\]$/g, ""), port };
}

interface DialDeps extends MeshDeps {
  readonly address: MeshAddress;
  readonly identity: ProcessIdentity;
  /** The contexts that this process calls at the address. The key of the process that answers must be bound to them. */
  readonly contexts: readonly string[];
  /** Undefined if the mesh is not encrypted. */
  readonly tls: MeshTls | undefined;
  /** Gets the socket when both ends are authenticated, with the bytes that arrived after the proof. */
  readonly onOpen: (socket: Socket, head: Buffer) => void;
  readonly onFail: (reason: string) => void;
}

/**
 * One attempt to connect to a mesh port and to authenticate both ends.
 *
 *   connecting --connected--> asking --401 with a nonce and the right key--> proving --101 with the right proof--> open
 *   any --error, end, other answer, headersTimeoutMs, cancel()--> failed
 */
export class Dial {
  readonly #deps: DialDeps;
  readonly #socket: Socket;
  readonly #timeout: TimerCallback;
  readonly #callerNonce = createNonce();
  #handshake: Handshake | undefined = undefined;
  #received: Buffer = Buffer.alloc(0);
  #over = false;

  constructor(deps: DialDeps) {
    this.#deps = deps;
    const { address, tls, timers, clock, limits } = deps;
    this.#timeout = new TimerCallback(() => this.#fail(`no connection within ${limits.headersTimeoutMs} ms (limit headersTimeoutMs)`));
    timers.add(this.#timeout, clock.monotonicMs() + limits.headersTimeoutMs);
    this.#socket = tls === undefined ? connect({ ...address, noDelay: true }) : connectTls(address, tls);
    this.#socket.once(tls === undefined ? "connect" : "secureConnect", this.#onConnect);
    this.#socket.on("data", this.#onData);
    this.#socket.on("error", this.#onError);
    this.#socket.on("close", this.#onClose);
  }

  /** Gives up. `onFail` is not called. */
  cancel(): void {
    if (this.#over) return;
    this.#stop();
    this.#socket.on("error", () => {});
    this.#socket.destroy();
  }

  readonly #onConnect = (): void => this.#request({ "holon-nonce": this.#callerNonce });
  readonly #onError = (error: NodeJS.ErrnoException): void => this.#fail(error.code ?? error.message);
  readonly #onClose = (): void => this.#fail("the peer closed the connection before it was open");

  readonly #onData = (chunk: Buffer): void => {
    this.#received = Buffer.concat([this.#received, chunk]);
    const head = parseResponseHead(this.#received);
    if (head === undefined) return;
    if (head === "malformed") return this.#fail("the answer is not HTTP");
    this.#received = this.#received.subarray(head.bytes);
    if (this.#handshake === undefined) this.#onChallenge(head);
    else this.#onVerdict(head, this.#handshake);
  };

  #onChallenge({ status, headers }: ResponseHead): void {
    const { identity, contexts } = this.#deps;
    const callee = headers.get("holon-nonce");
    const calleeKey = headers.get("holon-key");
    if (status !== 401 || !isNonce(callee) || this.#received.length > 0)
      return this.#fail(`the peer does not speak ${MESH_PROTOCOL} (HTTP ${status})`);
    const fault = identity.calleeFault(calleeKey, contexts);
    if (fault !== undefined) return this.#fail(fault);
    const { publicKey: callerKey } = identity;
    this.#handshake = { caller: this.#callerNonce, callee, callerKey, calleeKey, channel: channelOf(this.#socket) };
    this.#request({
      connection: "Upgrade",
      upgrade: MESH_PROTOCOL,
      ...(callerKey === undefined ? {} : { "holon-key": callerKey }),
      "holon-proof": identity.prove("caller", this.#handshake),
    });
  }

  #onVerdict({ status, headers }: ResponseHead, handshake: Handshake): void {
    const { identity, onOpen } = this.#deps;
    if (status === 401) return this.#fail(`the peer refused this process's proof (HTTP 401): ${this.#doubt}`);
    if (status !== 101) return this.#fail(`the peer refused the connection (HTTP ${status})`);
    if (identity.check("callee", handshake, headers.get("holon-proof")) === undefined) return this.#fail("the peer cannot prove its identity");
    this.#stop();
    onOpen(this.#socket, this.#received);
  }

  get #doubt(): string {
    const { publicKey } = this.#deps.identity;
    return publicKey === undefined ? "is HOLON_SECRET the same in both processes?" : `is the key ${publicKey} in the peer's HOLON_PEERS?`;
  }

  #request(headers: Readonly<Record<string, string>>): void {
    const { host, port } = this.#deps.address;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#socket.write(`GET /holon-mesh HTTP/1.1\r\nhost: ${host.includes(":") ? `[${host}]` : host}:${port}\r\n${lines.join("")}\r\n`);
  }

  #fail(reason: string): void {
    this.cancel();
    this.#deps.onFail(reason);
  }

  #stop(): void {
    this.#over = true;
    this.#deps.timers.remove(this.#timeout);
    this.#socket.off("connect", this.#onConnect);
    this.#socket.off("secureConnect", this.#onConnect);
    this.#socket.off("data", this.#onData);
    this.#socket.off("error", this.#onError);
    this.#socket.off("close", this.#onClose);
  }
}

/** Connects with TLS. The event "secureConnect" means that the other end has a certificate for this host, signed by the authority. */
function connectTls({ host, port }: MeshAddress, tls: MeshTls): TLSSocket {
  const socket = connectSecurely({ host, port, ...tlsOptions(tls) });
  socket.setNoDelay(true);
  return socket;
}

/** Status and headers of an HTTP answer. */
interface ResponseHead {
  readonly status: number;
  /** The headers by name, in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** How many bytes the head has. */
  readonly bytes: number;
}

/** The longest head that is read. */
export const RESPONSE_HEAD_BYTES = 16 * 1024;

const STATUS_LINE = /^HTTP\/1\.1 (\d{3})(?: |$)/;

/**
 * Reads the head of an HTTP/1.1 answer; undefined while it is incomplete, "malformed" if it cannot become one.
 *
 * Node's own HTTP client would work, but it moves the socket between agents and parsers. The two answers of the mesh are easier to follow on a
 * plain socket.
 */
export function parseResponseHead(bytes: Buffer): ResponseHead | "malformed" | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return bytes.length > RESPONSE_HEAD_BYTES ? "malformed" : undefined;
  if (end > RESPONSE_HEAD_BYTES) return "malformed";
  const [statusLine, ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const status = STATUS_LINE.exec(statusLine as string);
  if (status === null) return "malformed";
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) return "malformed";
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(status[1]), headers, bytes: end + 4 };
}
