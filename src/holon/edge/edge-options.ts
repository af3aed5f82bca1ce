import type { FastifyInstance } from "fastify";
import type { RestRoute, TargetMap } from "../contract/index.ts";
import type { Clock, Limits, Logger, Principal, TimerWheel } from "../kernel/index.ts";
import type { CallMetrics } from "../observe/index.ts";
import type { AppRoutes } from "./app-routes/app-routes.ts";
import type { EdgeRequest } from "./http/edge-request.ts";
import type { RateStore } from "./rates/index.ts";

/** Decides who a request is made for. Throwing refuses it with 401; a HolonError is answered as it is. */
export type Authenticate = (request: EdgeRequest) => Principal | Promise<Principal>;

/** Whether a process can do its work now, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** What does not work although the process is ready. */
  readonly degraded?: readonly string[];
}

/** Which pages of other origins may call. */
export interface CorsOptions {
  /** Whole origins, as in `https://shop.example`. */
  readonly origins: readonly string[];
}

/** What an edge is made from. */
export interface EdgeOptions {
  /** Every procedure that can be reached from here, hosted here or not; complete before the edge is made. */
  readonly targets: TargetMap;
  /** The REST routes of the contracts whose targets are given; none by default. */
  readonly restRoutes?: readonly RestRoute[];
  /** Adds what the toolkit itself answers beside tRPC and REST: documents and their pages. */
  readonly toolkitRoutes?: (app: FastifyInstance) => void | Promise<void>;
  /** Adds the app's own routes, which call procedures as anybody from outside may. */
  readonly appRoutes?: AppRoutes;
  readonly authenticate: Authenticate;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  readonly metrics: CallMetrics;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly readiness: () => Readiness;
  /** Keeps the reasons of `/readyz` to the operations port. */
  readonly isProduction?: boolean;
  /** Networks whose `X-Forwarded-For` is believed; none by default. */
  readonly trustedProxies?: readonly string[];
  /** Nobody by default. */
  readonly cors?: CorsOptions;
  /** Where several edges count calls together; each counts alone where none is given. Closed by whoever opened it. */
  readonly rateStore?: RateStore | undefined;
  /** Makes the ids that link an INTERNAL answer to its log line. */
  readonly newId?: () => string;
}

/** The public port of a process. */
export interface Edge {
  readonly port: number;
  readonly url: string;
  /** Requests and streams that are being answered. */
  readonly inFlightCount: number;
  readonly subscriptionCount: number;
  /** From now on every new request gets 503 and its connection is closed; streams end for their clients to resume elsewhere. */
  drain(): void;
  /** Drains, waits for what is in flight as long as `limits.graceMs`, then cancels it; leaves no socket and no timer. */
  close(): Promise<void>;
}
