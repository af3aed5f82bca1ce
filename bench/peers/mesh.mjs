import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { fileURLToPath } from "node:url";

const PROTO = fileURLToPath(new URL("./shop.proto", import.meta.url));
const HOST = "127.0.0.1";

/** Connections are kept open between rounds, so that no round includes a new connection. */
const KEEP_ALIVE_MS = 60_000;

const urlOf = (port) => `http://${HOST}:${port}`;
const listen = (server, port) => new Promise((resolve) => server.listen(port, HOST, resolve));
const closing = (server) => ({ close: async () => void server.close() });

/**
 * The contenders of other projects, which call a procedure of another process. Each has `startServer(port)` and `createClient(port) -> { get(id), close() }`,
 * and loads only its own library. Servers check the input, with zod if the library has no check of its own; no output is checked.
 *
 * @param domain `{ findProduct, GetInput }` of bench/mesh/domain.ts
 */
export const createContenders = ({ findProduct, GetInput }) => {
  const answer = (input) => findProduct(GetInput.parse(input).id);
  return {
    trpc: createTrpc("httpLink", { findProduct, GetInput }),
    "trpc-batch": createTrpc("httpBatchLink", { findProduct, GetInput }),
    orpc: createOrpc({ findProduct, GetInput }),
    moleculer: createMoleculer(findProduct),
    nest: createNest(answer),
    grpc: createGrpc(answer),
    connect: createConnect(answer),
  };
};

/** The standalone adapter, and one of the two links over HTTP. */
const createTrpc = (linkName, { findProduct, GetInput }) => ({
  async startServer(port) {
    const { initTRPC } = await import("@trpc/server");
    const { createHTTPServer } = await import("@trpc/server/adapters/standalone");
    const t = initTRPC.create();
    const get = t.procedure.input(GetInput).query(({ input }) => findProduct(input.id));
    const server = createHTTPServer({ router: t.router({ catalog: t.router({ get }) }) });
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    await listen(server, port);
    return closing(server);
  },
  async createClient(port) {
    const links = await import("@trpc/client");
    const client = links.createTRPCClient({ links: [links[linkName]({ url: urlOf(port) })] });
    return { get: (id) => client.catalog.get.query({ id }), close: async () => {} };
  },
});

/** The Node adapter, and the fetch link. */
const createOrpc = ({ findProduct, GetInput }) => ({
  async startServer(port) {
    const { os } = await import("@orpc/server");
    const { RPCHandler } = await import("@orpc/server/node");
    const get = os.input(GetInput).handler(({ input }) => findProduct(input.id));
    const handler = new RPCHandler({ catalog: { get } });
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, async (request, response) => {
      const { matched } = await handler.handle(request, response, { prefix: "/rpc", context: {} });
      if (!matched) response.writeHead(404).end();
    });
    await listen(server, port);
    return closing(server);
  },
  async createClient(port) {
    const { createORPCClient } = await import("@orpc/client");
    const { RPCLink } = await import("@orpc/client/fetch");
    const client = createORPCClient(new RPCLink({ url: `${urlOf(port)}/rpc` }));
    return { get: (id) => client.catalog.get({ id }), close: async () => {} };
  },
});

/** Moleculer's own TCP transporter, the fastest that it has without a broker process. */
const createMoleculer = (findProduct) => {
  const createBroker = async (nodeID, port) => {
    const moleculer = await import("moleculer");
    const { ServiceBroker } = moleculer.default ?? moleculer;
    const clientPort = port + 1;
    const urls = [`${HOST}:${port}/server`, `${HOST}:${clientPort}/client`];
    return new ServiceBroker({
      nodeID,
      namespace: `bench-${port}`,
      logger: false,
      transporter: { type: "TCP", options: { udpDiscovery: false, urls } },
    });
  };
  return {
    async startServer(port) {
      const broker = await createBroker("server", port);
      broker.createService({
        name: "catalog",
        actions: { get: { params: { id: "number" }, handler: (ctx) => findProduct(ctx.params.id) } },
      });
      await broker.start();
      return { close: () => broker.stop() };
    },
    async createClient(port) {
      const broker = await createBroker("client", port);
      await broker.start();
      await broker.waitForServices("catalog", 15_000);
      return { get: (id) => broker.call("catalog.get", { id }), close: () => broker.stop() };
    },
  };
};

/** The TCP transport of Nest's microservices. */
const createNest = (answer) => ({
  async startServer(port) {
    await import("reflect-metadata");
    const { Controller, Module } = await import("@nestjs/common");
    const { NestFactory } = await import("@nestjs/core");
    const { MessagePattern, Transport } = await import("@nestjs/microservices");
    class Catalog {
      get(input) {
        return answer(input);
      }
    }
    Controller()(Catalog);
    MessagePattern("get")(Catalog.prototype, "get", Object.getOwnPropertyDescriptor(Catalog.prototype, "get"));
    class App {}
    Module({ controllers: [Catalog] })(App);
    const app = await NestFactory.createMicroservice(App, { transport: Transport.TCP, options: { host: HOST, port }, logger: false });
    await app.listen();
    return { close: () => app.close() };
  },
  async createClient(port) {
    await import("reflect-metadata");
    const { ClientProxyFactory, Transport } = await import("@nestjs/microservices");
    const { firstValueFrom } = await import("rxjs");
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: HOST, port } });
    await client.connect();
    return { get: (id) => firstValueFrom(client.send("get", { id })), close: async () => void client.close() };
  },
});

/** @grpc/grpc-js with its proto loader. */
const createGrpc = (answer) => {
  const load = async () => {
    const grpc = await import("@grpc/grpc-js");
    const loader = await import("@grpc/proto-loader");
    const api = grpc.default ?? grpc;
    const { loadSync } = loader.default ?? loader;
    return { api, shop: api.loadPackageDefinition(loadSync(PROTO, { keepCase: true })).shop };
  };
  return {
    async startServer(port) {
      const { api, shop } = await load();
      const server = new api.Server();
      server.addService(shop.Catalog.service, {
        Get(call, done) {
          try {
            done(null, answer(call.request));
          } catch (error) {
            done({ code: api.status.INVALID_ARGUMENT, message: String(error) });
          }
        },
      });
      const credentials = api.ServerCredentials.createInsecure();
      await new Promise((resolve, reject) => server.bindAsync(`${HOST}:${port}`, credentials, (error) => (error ? reject(error) : resolve())));
      return { close: async () => server.forceShutdown() };
    },
    async createClient(port) {
      const { api, shop } = await load();
      const client = new shop.Catalog(`${HOST}:${port}`, api.credentials.createInsecure());
      const get = (id) => new Promise((resolve, reject) => client.Get({ id }, (error, product) => (error ? reject(error) : resolve(product))));
      return { get, close: async () => client.close() };
    },
  };
};

/** Connect's own protocol over HTTP/2, binary, which is the faster of its two forms. */
const createConnect = (answer) => ({
  async startServer(port) {
    const { connectNodeAdapter } = await import("@connectrpc/connect-node");
    const { Catalog } = await import("./shop-pb.mjs");
    const server = createHttp2Server(connectNodeAdapter({ routes: (router) => router.service(Catalog, { get: answer }) }));
    await listen(server, port);
    return closing(server);
  },
  async createClient(port) {
    const { createClient } = await import("@connectrpc/connect");
    const { createConnectTransport } = await import("@connectrpc/connect-node");
    const { Catalog } = await import("./shop-pb.mjs");
    const transport = createConnectTransport({ baseUrl: urlOf(port), httpVersion: "2", useBinaryFormat: true });
    const client = createClient(Catalog, transport);
    return { get: (id) => client.get({ id }), close: async () => {} };
  },
});
