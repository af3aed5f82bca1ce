import { initTRPC } from "@trpc/server";
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import Fastify from "fastify";
import { createEdge } from "../../src/holon/edge/create-edge.ts";
import { ANONYMOUS } from "../../src/holon/kernel/principal.ts";
import { compileCatalog, createServices, openCatalog } from "../holon/app.ts";
import { findProduct, GetInput, Product } from "../mesh/domain.ts";

/** Serves the catalog on a port of the loopback until the process ends. */
export type StartServer = (port: number) => Promise<void>;

const HOST = "127.0.0.1";

/** Connections are kept open between rounds, so that no round includes a new connection. */
const KEEP_ALIVE_MS = 60_000;

/** tRPC's router as its manual shows it. It parses input and output, like holon. */
function createRouter() {
  const t = initTRPC.create();
  const get = t.procedure
    .input(GetInput)
    .output(Product)
    .query(({ input }) => findProduct(input.id));
  return t.router({ catalog: t.router({ products: t.router({ get }) }) });
}

/** A rate limit that is never reached, because all requests of the bench come from one address. Requests are counted as usual. */
const OUT_OF_REACH = 1_000_000_000;

/** The public port of a process, as `startProcess` opens it: with limits, deadlines, trace, metrics, rates and error boundary. */
const startHolon: StartServer = async (port) => {
  const services = createServices();
  const limits = { ...services.limits, addressRateCount: OUT_OF_REACH };
  const { targets } = compileCatalog(services, "public");
  const readiness = () => ({ ready: true, reasons: [] });
  const authenticate = () => ANONYMOUS;
  await createEdge({ ...services, limits, targets, restRoutes: openCatalog.routes, authenticate, host: HOST, port, readiness });
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

/** A hand-written route with the same two schemas around the same look-up. */
const startFastify: StartServer = async (port) => {
  const app = Fastify({ keepAliveTimeout: KEEP_ALIVE_MS });
  app.get<{ Params: { id: string } }>("/products/:id", async ({ params }) => {
    const { id } = GetInput.parse({ id: Number(params.id) });
    return Product.parse(findProduct(id));
  });
  await app.listen({ host: HOST, port });
};

/** The servers of tRPC's protocol, by contender. */
export const TRPC_SERVERS: Readonly<Record<string, StartServer>> = {
  holon: startHolon,
  trpc: startFastifyAdapter,
  "trpc-standalone": startStandaloneAdapter,
};

/** The REST servers, by contender. */
export const REST_SERVERS: Readonly<Record<string, StartServer>> = { "holon-rest": startHolon, "fastify-rest": startFastify };
