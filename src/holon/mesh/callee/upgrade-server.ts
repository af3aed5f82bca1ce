import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { MeshDeps } from "../connection/link.ts";
import { channelOf, type MeshTls, tlsOptions } from "../connection/mesh-tls.ts";
import type { ProcessIdentity, ProvenPeer } from "../identity/process-identity.ts";
import { MESH_PROTOCOL } from "../protocol/frame-kind.ts";
import { createNonce, type Handshake, isNonce } from "../protocol/handshake.ts";

interface UpgradeServerDeps extends MeshDeps {
  readonly identity: ProcessIdentity;
  /** Undefined if the mesh is not encrypted. */
  readonly tls: MeshTls | undefined;
  /** Takes a socket whose other end is authenticated. */
  readonly accept: (socket: Socket, head: Buffer, peer: ProvenPeer) => void;
  readonly draining: () => boolean;
}

/**
 * The HTTP server in front of the mesh.
 *
 *   GET with `holon-nonce`  -> 401 with our nonce, which belongs to this socket, and our key
 *   Upgrade with a proof    -> 101 with our proof, and the socket speaks frames
 *   Upgrade without a proof -> 401, closed
 *   anything else           -> 426
 *
 * Guarantee: a nonce is valid for one attempt on one socket, so a recorded handshake cannot be replayed.
 */
export function createUpgradeServer({ identity, tls, accept, draining, limits, log }: UpgradeServerDeps): Server {
  const challenges = new WeakMap<Socket, Handshake>();
  const options = {
    noDelay: true,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.headersTimeoutMs,
  };
  const server =
    tls === undefined ? createServer(options) : createSecureServer({ ...options, ...tlsOptions(tls), handshakeTimeout: limits.headersTimeoutMs });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    log.warn({ peer: `${socket.remoteAddress}:${socket.remotePort}`, reason: error.code ?? error.message }, "refused a mesh connection");
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
    const { publicKey: calleeKey } = identity;
    const handshake: Handshake = { caller, callee: createNonce(), calleeKey, channel: channelOf(request.socket) };
    challenges.set(request.socket, handshake);
    const shown = calleeKey === undefined ? {} : { "holon-key": calleeKey };
    response.writeHead(401, { "www-authenticate": MESH_PROTOCOL, "holon-nonce": handshake.callee, ...shown, "content-length": 0 }).end();
  });

  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Before frames begin, nothing else listens to this socket. An error without a listener would end the process.
    const ignore = (): void => {};
    socket.on("error", ignore);
    const refuse = (status: string, reason: string): void => {
      log.warn({ peer: `${request.socket.remoteAddress}:${request.socket.remotePort}`, reason }, "refused a mesh connection");
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
    };
    const challenge = challenges.get(socket);
    challenges.delete(socket);
    if (request.headers.upgrade !== MESH_PROTOCOL) return refuse("426 Upgrade Required", "the peer asked for another protocol");
    if (challenge === undefined) return refuse("401 Unauthorized", "the peer did not ask for a nonce first");
    const callerKey = request.headers["holon-key"];
    const handshake: Handshake = { ...challenge, callerKey: callerKey === undefined ? undefined : String(callerKey) };
    const peer = identity.check("caller", handshake, request.headers["holon-proof"]);
    if (peer === undefined) return refuse("401 Unauthorized", "the peer cannot prove its identity");
    if (draining()) return refuse("503 Service Unavailable", "this process is stopping");
    const proof = identity.prove("callee", handshake);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${MESH_PROTOCOL}\r\nholon-proof: ${proof}\r\n\r\n`);
    accept(socket, head, peer);
    socket.off("error", ignore);
  });
  return server;
}
