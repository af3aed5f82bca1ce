import { MeshStage, probeTarget } from "./mesh.testing.ts";

/** Uses the mesh, closes everything, and must then end by itself. An open handle would keep the process alive. */
const stage = new MeshStage();
const server = await stage.server({ echo: (_scope, input) => input });
const peer = stage.peer(server.port);
await probeTarget(peer, "echo").invoke(stage.scope(), { text: "x" });
stage.peer(1);
await stage.close();
