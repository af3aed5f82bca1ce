import { randomUUID } from "node:crypto";
import { z } from "zod";
import { contract, query } from "../../src/holon/contract/index.ts";
import { type Calls, defineContext } from "../../src/holon/define/index.ts";
import { DEFAULT_LIMITS, silentLogger, systemClock, TimerWheel } from "../../src/holon/kernel/index.ts";
import { CallMetrics } from "../../src/holon/observe/call-metrics.ts";
import { type CompiledContext, compileContext, type PipelineServices, type ResolveTarget } from "../../src/holon/pipeline/index.ts";
import { findProduct, GetInput, Product } from "../mesh/domain.ts";

/** What is asked for. */
export const catalog = contract("catalog", {
  procedures: { products: { get: query({ access: "user", input: GetInput, output: Product }) } },
});

/** The same for anybody. */
export const openCatalog = contract("catalog", {
  procedures: { products: { get: query({ access: "public", input: GetInput, output: Product, rest: "GET /products/{id}" }) } },
});

/** Who asks: a handler that stays at work while its calls are measured. */
const orders = contract("orders", {
  procedures: { work: query({ access: "user", input: z.object({}), output: z.object({ done: z.boolean() }) }) },
});

/** The part of a handler's context that the bench uses. */
export interface CatalogCaller {
  readonly call: Calls<{ readonly catalog: typeof catalog }>;
}

/** What {@link compileOrders} hands each call of `orders.work` to. Resolve the promise that it returns to end the handler. */
export type Work = (ctx: CatalogCaller) => Promise<void>;

/** What contexts and mesh of one process are built on, as `startProcess` makes it: the limits, the clock and the metrics of a real process. */
export interface BenchServices extends PipelineServices {
  readonly limits: typeof DEFAULT_LIMITS;
  readonly metrics: CallMetrics;
}

/** The services of one process of the bench. Nothing is left out to be faster but the log, which has no lines at level info either. */
export function createServices(): BenchServices {
  const metrics = new CallMetrics({ procedures: ["catalog.products.get", "orders.work"], callers: ["catalog", "orders"] });
  return {
    limits: DEFAULT_LIMITS,
    clock: systemClock,
    wheel: new TimerWheel(() => systemClock.monotonicMs()),
    log: silentLogger,
    newId: randomUUID,
    metrics,
    series: (labels) => metrics.series(labels),
    transportOf: (caller) => (caller === "edge" ? "local" : "mesh"),
  };
}

/** The context that answers: other contexts, or anybody. */
export function compileCatalog(services: BenchServices, access: "user" | "public" = "user"): CompiledContext {
  const module = defineContext(access === "user" ? catalog : openCatalog).implement({
    procedures: { products: { get: ({ input }) => findProduct(input.id) } },
  });
  return compileContext({ module, store: undefined, limits: services.limits, services });
}

/** The context that asks, connected to wherever the other runs. */
export function compileOrders(services: BenchServices, resolve: ResolveTarget, work: Work): CompiledContext {
  const module = defineContext(orders, { calls: { catalog } }).implement({
    procedures: {
      work: async ({ ctx }) => {
        await work(ctx);
        return { done: true };
      },
    },
  });
  const compiled = compileContext({ module, store: undefined, limits: services.limits, services });
  compiled.connect(resolve);
  return compiled;
}
