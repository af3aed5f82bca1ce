import { connect, type Socket } from "node:net";
import { parseResponseHead } from "./caller/dial.ts";
import { createSecretIdentity, type ProcessIdentity } from "./identity/process-identity.ts";
import { MESH_PROTOCOL } from "./protocol/frame-kind.ts";
import { createNonce, type Handshake, type Side } from "./protocol/handshake.ts";
import { toHelloFrame } from "./protocol/hello.ts";

/** The headers of one attempt to open a connection. */
type SentHeaders = Readonly<Record<string, string>>;

/** How an attempt to connect ended, and which headers were sent for it. */
interface HandshakeEnd {
  readonly status: number;
  readonly handshake: Handshake;
  readonly sent: SentHeaders;
}

/** A mesh caller on a plain socket. The test decides which bytes it sends, and sees which bytes arrive. */
export class RawCaller {
  readonly socket: Socket;
  /** The bytes that have arrived and that no test has read yet. */
  received = Buffer.alloc(0);
  closed = false;
  /** How many bytes have arrived, including those that were not kept. */
  receivedBytes = 0;
  /** Whether arriving bytes are kept for {@link frames}. A test turns it off for a flood. */
  keeps = true;
  #onChange: () => void = () => {};

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port });
    this.socket.on("data", (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
      if (this.keeps) this.received = Buffer.concat([this.received, chunk]);
      this.#onChange();
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
      this.#onChange();
    });
  }

  /** Resolves when the condition holds for what has arrived. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        if (condition()) resolve();
      };
      this.#onChange();
    });
  }

  async untilClosed(): Promise<void> {
    await this.until(() => this.closed);
  }

  /** Resolves with the first frame of this kind that has arrived. */
  async untilFrame(kind: number): Promise<readonly unknown[]> {
    const find = (): readonly unknown[] | undefined => this.frames().find((frame) => frame[0] === kind);
    await this.until(() => find() !== undefined);
    return find() as readonly unknown[];
  }

  frames(): readonly (readonly unknown[])[] {
    const lines = this.received.toString("utf8").split(",\n");
    return lines.slice(0, -1).map((line) => JSON.parse(line) as readonly unknown[]);
  }

  /** Sends an HTTP request. Resolves with the status and headers of the answer. */
  async request(headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly headers: ReadonlyMap<string, string> }> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.write(`GET /holon-mesh HTTP/1.1\r\nhost: test\r\n${lines.join("")}\r\n`);
    await this.until(() => this.closed || this.received.includes("\r\n\r\n"));
    const head = parseResponseHead(this.received);
    if (head === undefined || head === "malformed") return { status: 0, headers: new Map() };
    this.received = this.received.subarray(head.bytes);
    return head;
  }

  /** Does the handshake with a secret or a key. Resolves with the final status and what was sent. */
  async handshake(as: string | ProcessIdentity, side: Side = "caller"): Promise<HandshakeEnd> {
    const identity = typeof as === "string" ? createSecretIdentity(as) : as;
    const caller = createNonce();
    const challenge = await this.request({ "holon-nonce": caller });
    const { publicKey: callerKey } = identity;
    const handshake = { caller, callee: challenge.headers.get("holon-nonce") ?? "", callerKey, calleeKey: challenge.headers.get("holon-key") };
    const sent = {
      connection: "Upgrade",
      upgrade: MESH_PROTOCOL,
      ...(callerKey === undefined ? {} : { "holon-key": callerKey }),
      "holon-proof": identity.prove(side, handshake),
    };
    return { status: (await this.request(sent)).status, handshake, sent };
  }

  /** Does the handshake and the greeting, so that frames can follow. */
  async introduce(as: string | ProcessIdentity, callers: readonly string[] = ["orders"], frameBytes = 1_000_000): Promise<void> {
    await this.handshake(as);
    this.socket.write(toHelloFrame({ process: "raw-1", callers, frameBytes, procedures: {} }));
    await this.untilFrame(11);
  }

  send(...frames: readonly unknown[]): void {
    this.socket.write(frames.map((frame) => `${JSON.stringify(frame)},\n`).join(""));
  }
}
