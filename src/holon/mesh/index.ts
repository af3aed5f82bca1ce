export { createMeshServer, type MeshServer, type MeshServerOptions } from "./callee/mesh-server.ts";
export { createMeshPeer, type MeshPeer, type MeshPeerOptions, type MeshPeerState } from "./caller/mesh-peer.ts";
export { type MeshAddress, parseMeshAddress } from "./connection/mesh-address.ts";
export type { MeshTls } from "./connection/mesh-tls.ts";
export type { MeshServices, MeshStats } from "./connection/services.ts";
