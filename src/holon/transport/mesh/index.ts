export { type MeshAddress, parseMeshAddress } from "./mesh-address.ts";
export { createMeshPeer, type MeshPeer, type MeshPeerOptions, type MeshPeerState } from "./mesh-peer.ts";
export { createMeshServer, type MeshServer, type MeshServerOptions } from "./mesh-server.ts";
export type { MeshTls } from "./mesh-tls.ts";
export type { MeshServices, MeshStats } from "./services.ts";
