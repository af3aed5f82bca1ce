import type { Target } from "../../src/holon/contract/index.ts";
import type { Principal } from "../../src/holon/kernel/principal.ts";
import { Scope } from "../../src/holon/kernel/scope.ts";
import type { CompiledContext, ResolveTarget } from "../../src/holon/pipeline/context-runtime.ts";
import { type BenchServices, type CatalogCaller, compileOrders } from "./app.ts";

const BUYER: Principal = { kind: "user", id: "4f9c4f3e-9d5b-4bb5-8a52-0e3c3bd3b0aa", roles: ["buyer"] };

/** The options of {@link Requests}. */
export interface RequestsOptions {
  readonly services: BenchServices;
  /** Resolves the catalog's procedures, in this process or in another. */
  readonly resolve: ResolveTarget;
  /** How many calls one request makes before the next begins. */
  readonly callsCount: number;
}

/**
 * Requests of a user, one after another: each is a call of `orders.work`, whose handler calls the catalog through its `ctx.call`.
 *
 * So a measured call is like a call of an application: its scope is below a request's scope, and has a deadline, a trace and a user.
 */
export class Requests {
  readonly #services: BenchServices;
  readonly #orders: CompiledContext;
  readonly #callsCount: number;
  #left = 0;
  #ctx!: CatalogCaller;
  #end: () => void = () => {};

  constructor({ services, resolve, callsCount }: RequestsOptions) {
    this.#services = services;
    this.#callsCount = callsCount;
    this.#orders = compileOrders(services, resolve, (ctx) => {
      this.#ctx = ctx;
      return new Promise((end) => {
        this.#end = end;
      });
    });
  }

  /** Gets a product. */
  get(id: number): ReturnType<CatalogCaller["call"]["catalog"]["products"]["get"]> {
    if (this.#left-- <= 0) this.begin();
    return this.#ctx.call.catalog.products.get({ id });
  }

  /** Begins the next request, because the last one may have passed its deadline while other contenders were measured. */
  begin(): void {
    this.#end();
    this.#left = this.#callsCount - 1;
    const { clock, limits } = this.#services;
    const scope = Scope.root({ principal: BUYER, deadlineAtMs: clock.monotonicMs() + limits.greatestDeadlineMs, caller: "edge" });
    const work = this.#orders.targets.get("orders.work") as Target;
    // The call ends when the next request begins, or by its deadline while other contenders are measured.
    work.invoke(scope, {}).catch(() => {});
  }

  /** Ends the last request. */
  end(): void {
    this.#end();
    this.#left = 0;
  }
}
