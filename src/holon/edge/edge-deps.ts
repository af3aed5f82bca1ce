import type { Clock } from "../kernel/clock.ts";
import type { Limits } from "../kernel/limits.ts";
import type { Logger } from "../kernel/log.ts";
import type { Timers } from "../kernel/timers.ts";
import type { Authenticate } from "./edge.ts";
import type { ErrorBoundary } from "./http/error-boundary.ts";
import type { AnswerEnds, InFlight, SseStreams } from "./http/in-flight.ts";
import type { CorsPolicy } from "./http/origin-policy.ts";
import type { SecurityHeaders } from "./http/public-headers.ts";
import type { RouteTable } from "./http/route-table.ts";
import type { TraceStart } from "./http/trace-start.ts";
import type { TrustedProxies } from "./http/trusted-proxies.ts";
import type { RateGate } from "./rates/rate-gate.ts";
import type { StreamGate } from "./rates/stream-gate.ts";
import type { RestTable } from "./rest/rest-table.ts";

/** What the code of one edge shares. `createEdge` makes it once. */
export interface EdgeDeps {
  readonly routes: RouteTable;
  readonly rest: RestTable;
  readonly authenticate: Authenticate;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly boundary: ErrorBoundary;
  readonly proxies: TrustedProxies;
  readonly traces: TraceStart;
  readonly cors: CorsPolicy;
  readonly inFlight: InFlight;
  readonly answerEnds: AnswerEnds;
  readonly streams: SseStreams;
  readonly rates: RateGate;
  readonly streamGate: StreamGate;
  readonly security: SecurityHeaders;
}
