import type { FastifyInstance } from "fastify";
import type { RestRoute, TargetMap } from "../contract/index.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Limits } from "../kernel/limits.ts";
import type { Logger } from "../kernel/log.ts";
import type { Principal } from "../kernel/principal.ts";
import type { Timers } from "../kernel/timers.ts";
import type { CallMetrics } from "../observe/call-metrics.ts";
import type { AppRoutes } from "./app-routes/app-routes.ts";
import type { EdgeRequest } from "./http/edge-request.ts";
import type { RateStore } from "./rates/rate-counter.ts";

/** Decides for which principal a request is made. If it throws a HolonError, the request is refused with that error; if it throws anything else, with 401. */
export type Authenticate = (request: EdgeRequest) => Principal | Promise<Principal>;

/** Whether a process can work now, and the reasons if it cannot. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** What does not work although the process is ready. */
  readonly degraded?: readonly string[];
}

export interface CreateEdgeDeps {
  /** Every procedure that can be called from here, in this process or another. The map must be complete before the edge is made. */
  readonly targets: TargetMap;
  /** The REST routes of the contracts whose targets are given. Default: none. */
  readonly restRoutes?: readonly RestRoute[];
  /** Adds the toolkit's own routes beside tRPC and REST: the OpenAPI document and the page that shows it. */
  readonly toolkitRoutes?: (app: FastifyInstance) => void | Promise<void>;
  /** Adds the app's own routes, which call procedures with the rights of an outside caller. */
  readonly appRoutes?: AppRoutes;
  readonly authenticate: Authenticate;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly metrics: CallMetrics;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly readiness: () => Readiness;
  /**
   * In production `/readyz` hides its reasons (the operations port shows them), answers have Strict-Transport-Security, and the cookies of the app's routes
   * are Secure. Default: false.
   */
  readonly isProduction?: boolean;
  /** Networks whose `X-Forwarded-For` is trusted. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Complete origins whose pages may call, such as `https://shop.example`. Default: none. */
  readonly cors?: { readonly origins: readonly string[] };
  /** The store in which several edges count calls together. Without it, each edge counts alone. The code that opened the store closes it. */
  readonly rateStore?: RateStore | undefined;
  /** Makes the ids that link an INTERNAL answer to its log line. */
  readonly newId?: () => string;
}

/** The public port of a process. */
export interface Edge {
  readonly port: number;
  readonly url: string;
  /** How many requests and streams are being answered. */
  readonly inFlightCount: number;
  readonly subscriptionCount: number;
  /** From now on every new request gets 503 and its connection is closed. Streams end, so that clients resume them at another process. */
  drain(): void;
  /**
   * Drains, waits up to `limits.graceMs` for what is in flight, then cancels the rest. When the promise resolves, no socket and no timer of the edge is left.
   */
  close(): Promise<void>;
}
