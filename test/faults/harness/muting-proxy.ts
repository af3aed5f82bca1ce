import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { waitUntil } from "./wait.ts";

/** A proxy between two processes that can withhold answers. Then the callee does the work, but the caller does not get the answer. */
export class MutingProxy {
  readonly port: number;
  /** The bytes of withheld answers. */
  withheldBytes = 0;
  readonly #sockets = new Set<Socket>();
  #isMuted = false;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(target: number): Promise<MutingProxy> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    server.unref();
    const proxy = new MutingProxy((server.address() as AddressInfo).port);
    server.on("connection", (caller) => proxy.#join(caller, connect(target, "127.0.0.1")));
    return proxy;
  }

  mute(): void {
    this.#isMuted = true;
    this.withheldBytes = 0;
  }

  /** Cuts all connections, and passes answers on new ones. Returns after at least one answer was withheld. */
  async cut(): Promise<void> {
    await waitUntil("an answer is kept back", () => this.withheldBytes > 0);
    for (const socket of this.#sockets) socket.destroy();
    this.#isMuted = false;
  }

  #join(caller: Socket, callee: Socket): void {
    for (const [socket, other] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    caller.on("data", (chunk) => callee.write(chunk));
    callee.on("data", (chunk) => {
      if (this.#isMuted) this.withheldBytes += chunk.length;
      else caller.write(chunk);
    });
  }
}
