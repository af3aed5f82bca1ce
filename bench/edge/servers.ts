import { initTRPC } from "@trpc/server";
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import Fastify from "fastify";
import { createEdge } from "../../src/holon/edge/index.ts";
import { ANONYMOUS } from "../../src/holon/kernel/index.ts";
import { compileCatalog, createServices } from "../holon/app.ts";
import { findProduct, GetInput, Product } from "../mesh/domain.ts";

/** Serves the catalog on a port of the loopback, until its process ends. */
export type StartServer = (port: number) => Promise<void>;

const HOST = "127.0.0.1";

/** Kept open between rounds, so that no round pays for a new connection. */
const KEEP_ALIVE_MS = 60_000;

/** tRPC's router, as its manual has it: input and output are parsed, as holon parses both. */
function createRouter() {
  const t = initTRPC.create();
  const get = t.procedure
    .input(GetInput)
    .output(Product)
    .query(({ input }) => findProduct(input.id));
  return t.router({ catalog: t.router({ products: t.router({ get }) }) });
}

/** The public port of a process as `startProcess` opens it: limits, deadlines, trace, metrics, error boundary. */
const startHolon: StartServer = async (port) => {
  const services = createServices();
  const { targets } = compileCatalog(services, "public");
  await createEdge({ ...services, targets, authenticate: () => ANONYMOUS, host: HOST, port, readiness: () => ({ ready: true, reasons: [] }) });
};

const startFastifyAdapter: StartServer = async (port) => {
  const app = Fastify({ keepAliveTimeout: KEEP_ALIVE_MS, routerOptions: { maxParamLength: 5_000 } });
  await app.register(fastifyTRPCPlugin, { prefix: "/trpc", trpcOptions: { router: createRouter() } });
  await app.listen({ host: HOST, port });
};

const startStandaloneAdapter: StartServer = async (port) => {
  const server = createHTTPServer({ router: createRouter(), basePath: "/trpc/" });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve) => server.listen(port, HOST, resolve));
};

/** A server by what stands before the first dash of a contender's name, or the whole of it. */
export const SERVERS: Readonly<Record<string, StartServer>> = {
  holon: startHolon,
  trpc: startFastifyAdapter,
  "trpc-standalone": startStandaloneAdapter,
};
