import { MeshStage, untilCancelled } from "./mesh.testing.ts";

/** A mesh server in its own process, which a test stops and kills: `node mesh-child.testing.ts PORT`. */
const stage = new MeshStage();
const server = await stage.server(
  { echo: (_scope, input) => input, hang: untilCancelled },
  { port: Number(process.argv[2]), processName: `child-${process.pid}` },
);
process.on("disconnect", () => process.exit(0));
process.send?.({ port: server.port });
