import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createNonce, createProof, isNonce, isProof, MESH_PROTOCOL, type Nonces } from "../../wire/index.ts";
import type { MeshServices } from "./services.ts";

/** What {@link createUpgradeServer} needs. */
export interface UpgradeServerOptions extends MeshServices {
  readonly secret: string;
  /** Takes a socket whose other end has proved itself; false where no more are taken. */
  readonly accept: (socket: Socket, head: Buffer) => void;
  readonly draining: () => boolean;
}

/**
 * The HTTP server in front of the mesh.
 *
 *   GET with `holon-nonce`  -> 401 with our nonce; it belongs to this socket
 *   Upgrade with a proof    -> 101 with our proof, and the socket speaks frames
 *   Upgrade without         -> 401, closed
 *   anything else           -> 426
 *
 * Guarantee: a nonce is good for one attempt on one socket, so a recorded handshake opens nothing.
 */
export function createUpgradeServer({ secret, accept, draining, limits, log }: UpgradeServerOptions): Server {
  const challenges = new WeakMap<Socket, Nonces>();
  const server = createServer({
    noDelay: true,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.headersTimeoutMs,
  });

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const caller = request.headers["holon-nonce"];
    if (request.method !== "GET" || !isNonce(caller)) {
      const body = `{"error":"This port speaks ${MESH_PROTOCOL} between processes of one application."}\n`;
      response
        .writeHead(426, { upgrade: MESH_PROTOCOL, connection: "close", "content-type": "application/json", "content-length": body.length })
        .end(body);
      return;
    }
    const nonces = { caller, callee: createNonce() };
    challenges.set(request.socket, nonces);
    response.writeHead(401, { "www-authenticate": MESH_PROTOCOL, "holon-nonce": nonces.callee, "content-length": 0 }).end();
  });

  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Until frames begin nobody listens to this socket, and an error without a listener would end the process.
    const ignore = (): void => {};
    socket.on("error", ignore);
    const refuse = (status: string, reason: string): void => {
      log.warn({ peer: `${request.socket.remoteAddress}:${request.socket.remotePort}`, reason }, "refused a mesh connection");
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
    };
    const nonces = challenges.get(socket);
    challenges.delete(socket);
    if (request.headers.upgrade !== MESH_PROTOCOL) return refuse("426 Upgrade Required", "another protocol was asked for");
    if (nonces === undefined) return refuse("401 Unauthorized", "the peer asked for no challenge");
    if (!isProof(request.headers["holon-proof"], secret, "caller", nonces))
      return refuse("401 Unauthorized", "the peer cannot prove that it knows the secret");
    if (draining()) return refuse("503 Service Unavailable", "this process is stopping");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${MESH_PROTOCOL}\r\nholon-proof: ${createProof(secret, "callee", nonces)}\r\n\r\n`,
    );
    accept(socket, head);
    socket.off("error", ignore);
  });
  return server;
}
