import type { Clock, Limits, Logger, TimerWheel } from "../kernel/index.ts";
import type { CorsPolicy } from "./cors-policy.ts";
import type { Authenticate } from "./edge-options.ts";
import type { ErrorBoundary } from "./error-boundary.ts";
import type { Flights } from "./flights.ts";
import type { SecurityHeaders } from "./public-headers.ts";
import type { RateGate } from "./rates/index.ts";
import type { RestTable } from "./rest/rest-table.ts";
import type { RouteTable } from "./route-table.ts";
import type { SseStreams } from "./sse-streams.ts";
import type { TraceStart } from "./trace-start.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** What the parts of one edge share; made once by `createEdge`. */
export interface EdgeParts {
  readonly routes: RouteTable;
  readonly rest: RestTable;
  readonly authenticate: Authenticate;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  readonly boundary: ErrorBoundary;
  readonly proxies: TrustedProxies;
  readonly traces: TraceStart;
  readonly cors: CorsPolicy;
  readonly flights: Flights;
  readonly streams: SseStreams;
  readonly rates: RateGate;
  readonly security: SecurityHeaders;
}
