/**
 * The contenders of other projects, which call a procedure of the same process. `start()` of each returns `{ get(id), close() }`, and loads only the
 * library of that contender.
 *
 * @param domain `{ findProduct, GetInput, Product }` of bench/mesh/domain.ts
 */
export const createContenders = ({ findProduct, GetInput, Product }) => ({
  /** `createCaller` of a router with `.output()`, made once and kept, as tRPC's documents show it. */
  trpc: {
    async start() {
      const { initTRPC } = await import("@trpc/server");
      const t = initTRPC.context().create();
      const get = t.procedure
        .input(GetInput)
        .output(Product)
        .query(({ input }) => findProduct(input.id));
      const router = t.router({ catalog: t.router({ products: t.router({ get }) }) });
      const caller = t.createCallerFactory(router)({ user: "u1" });
      return { get: (id) => caller.catalog.products.get({ id }), close: async () => {} };
    },
  },

  /** oRPC's router client of a procedure with `.output()`. */
  orpc: {
    async start() {
      const { createRouterClient, os } = await import("@orpc/server");
      const get = os
        .$context()
        .input(GetInput)
        .output(Product)
        .handler(({ input }) => findProduct(input.id));
      const client = createRouterClient({ catalog: { products: { get } } }, { context: { user: "u1" } });
      return { get: (id) => client.catalog.products.get({ id }), close: async () => {} };
    },
  },

  /** A local action of a broker: Moleculer's own validator checks the input, and nothing checks the output. */
  moleculer: {
    async start() {
      const moleculer = await import("moleculer");
      const { ServiceBroker } = moleculer.default ?? moleculer;
      const broker = new ServiceBroker({ logger: false });
      broker.createService({
        name: "catalog",
        actions: { get: { params: { id: "number" }, handler: (ctx) => findProduct(ctx.params.id) } },
      });
      await broker.start();
      return { get: (id) => broker.call("catalog.get", { id }), close: () => broker.stop() };
    },
  },

  /** An injected provider, by which one module of a Nest monolith calls another: a method call without checks. */
  nest: {
    async start() {
      await import("reflect-metadata");
      const { Injectable, Module } = await import("@nestjs/common");
      const { NestFactory } = await import("@nestjs/core");
      class Catalog {
        async get(input) {
          return findProduct(input.id);
        }
      }
      Injectable()(Catalog);
      class Orders {
        constructor(catalog) {
          this.catalog = catalog;
        }
        read(id) {
          return this.catalog.get({ id });
        }
      }
      Injectable()(Orders);
      Reflect.defineMetadata("design:paramtypes", [Catalog], Orders);
      class App {}
      Module({ providers: [Catalog, Orders] })(App);
      const app = await NestFactory.createApplicationContext(App, { logger: false });
      const orders = app.get(Orders);
      return { get: (id) => orders.read(id), close: () => app.close() };
    },
  },
});
