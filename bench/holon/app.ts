import { randomUUID } from "node:crypto";
import { z } from "zod";
import { contract, query } from "../../src/holon/contract/index.ts";
import { defineContext } from "../../src/holon/define/define-context.ts";
import type { Calls } from "../../src/holon/define/handler-context.ts";
import { systemClock } from "../../src/holon/kernel/clock.ts";
import { DEFAULT_LIMITS } from "../../src/holon/kernel/limits.ts";
import { silentLogger } from "../../src/holon/kernel/log.ts";
import { Timers } from "../../src/holon/kernel/timers.ts";
import { CallMetrics } from "../../src/holon/observe/call-metrics.ts";
import type { PipelineDeps } from "../../src/holon/pipeline/compiled-procedure.ts";
import { type CompiledContext, compileContext, type ResolveTarget } from "../../src/holon/pipeline/context-runtime.ts";
import { findProduct, GetInput, Product } from "../mesh/domain.ts";

/** The contract of the context that is called. */
export const catalog = contract("catalog", {
  procedures: { products: { get: query({ access: "user", input: GetInput, output: Product }) } },
});

/** The same contract with public access. */
export const openCatalog = contract("catalog", {
  procedures: { products: { get: query({ access: "public", input: GetInput, output: Product, rest: "GET /products/{id}" }) } },
});

/** The contract of the calling context: one procedure, whose handler keeps running while its calls are measured. */
const orders = contract("orders", {
  procedures: { work: query({ access: "user", input: z.object({}), output: z.object({ done: z.boolean() }) }) },
});

/** The part of a handler's context that the bench uses. */
export interface CatalogCaller {
  readonly call: Calls<{ readonly catalog: typeof catalog }>;
}

/** The body of `orders.work`: it gets the handler's context. The handler ends when the returned promise resolves. */
export type Work = (ctx: CatalogCaller) => Promise<void>;

/**
 * The services on which the contexts and the mesh of a process are built, as `startProcess` makes them: with the limits, clock and metrics of a real
 * process.
 */
export interface BenchServices extends PipelineDeps {
  readonly limits: typeof DEFAULT_LIMITS;
  readonly metrics: CallMetrics;
}

/** Makes the services of a bench process. Only the log is left out; at level info it would have no lines either. */
export function createServices(): BenchServices {
  const metrics = new CallMetrics({ procedures: ["catalog.products.get", "orders.work"], callers: ["catalog", "orders"] });
  return {
    limits: DEFAULT_LIMITS,
    clock: systemClock,
    timers: new Timers(() => systemClock.monotonicMs()),
    log: silentLogger,
    newId: randomUUID,
    metrics,
    series: (labels) => metrics.series(labels),
    transportOf: (caller) => (caller === "edge" ? "local" : "mesh"),
  };
}

/** Compiles the catalog, which other contexts (`user`) or all clients (`public`) may call. */
export function compileCatalog(services: BenchServices, access: "user" | "public" = "user"): CompiledContext {
  const module = defineContext(access === "user" ? catalog : openCatalog).implement({
    procedures: { products: { get: ({ input }) => findProduct(input.id) } },
  });
  return compileContext({ module, store: undefined, limits: services.limits, pipeline: services });
}

/** Compiles the calling context, and connects it to the catalog. */
export function compileOrders(services: BenchServices, resolve: ResolveTarget, work: Work): CompiledContext {
  const module = defineContext(orders, { calls: { catalog } }).implement({
    procedures: {
      work: async ({ ctx }) => {
        await work(ctx);
        return { done: true };
      },
    },
  });
  const compiled = compileContext({ module, store: undefined, limits: services.limits, pipeline: services });
  compiled.connect(resolve);
  return compiled;
}
