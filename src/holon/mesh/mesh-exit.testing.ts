import { MeshStage, probeTarget } from "./mesh.testing.ts";

/** A program that uses the mesh and closes everything. It must then end by itself; a handle that is still open would keep the process alive. */
const stage = new MeshStage();
const server = await stage.server({ echo: (_scope, input) => input });
const peer = stage.peer(server.port);
await probeTarget(peer, "echo").invoke(stage.scope(), { text: "x" });
stage.peer(1);
await stage.close();
