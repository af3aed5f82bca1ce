import { createMeshServer } from "../../src/holon/mesh/callee/mesh-server.ts";
import { createMeshPeer } from "../../src/holon/mesh/caller/mesh-peer.ts";
import { createSecretIdentity, type ProcessIdentity } from "../../src/holon/mesh/identity/process-identity.ts";
import type { CallMetrics } from "../../src/holon/observe/call-metrics.ts";
import type { BenchClient, MeshContender } from "../contender.ts";
import { catalog, compileCatalog, createServices } from "./app.ts";
import { benchIdentity } from "./bench-keys.ts";
import { Requests } from "./requests.ts";

const SECRET = "a secret for the bench";

/**
 * Calls of one request. The number is small, because a real request makes few calls to other processes. So the cost of a trace, a deadline and an end is
 * shared by few calls.
 */
const CALLS_COUNT = 8;

/** Two compiled contexts in two processes, as in production: with keys and signed users, and with deadlines, parsing and metrics at both ends. */
export const holonMesh: MeshContender = { startServer, createClient };

/** Like {@link holonMesh}, but the processes authenticate by a shared secret only. */
export const holonSecretMesh: MeshContender = {
  startServer: (port) => startServer(port, createSecretIdentity(SECRET)),
  createClient: (port) => createClient(port, createSecretIdentity(SECRET)),
};

/** Serves the catalog. */
export async function startServer(
  port: number,
  identity: ProcessIdentity = benchIdentity("catalog"),
): Promise<{ close(): Promise<void>; readonly metrics: CallMetrics }> {
  const services = createServices();
  const { targets } = compileCatalog(services);
  const server = await createMeshServer({
    ...services,
    targets,
    contexts: ["catalog"],
    identity,
    host: "127.0.0.1",
    port,
    processName: "bench/catalog",
  });
  return { metrics: services.metrics, close: () => server.close() };
}

/** Calls the catalog from handlers of `orders`. */
export async function createClient(
  port: number,
  identity: ProcessIdentity = benchIdentity("orders"),
): Promise<BenchClient & { readonly metrics: CallMetrics }> {
  const services = createServices();
  const peer = createMeshPeer({
    ...services,
    url: `mesh://127.0.0.1:${port}`,
    identity,
    processName: "bench/orders",
    callerContexts: ["orders"],
    contracts: [catalog],
    random: Math.random,
    newKey: services.newId,
  });
  await peer.ready();
  const requests = new Requests({ services, resolve: (...place) => peer.target(...place), callsCount: CALLS_COUNT });
  return {
    metrics: services.metrics,
    begin: () => requests.begin(),
    get: (id) => requests.get(id),
    async close() {
      requests.end();
      await peer.close();
    },
  };
}
