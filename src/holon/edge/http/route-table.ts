import type { Target, TargetMap } from "../../contract/index.ts";
import { type CallMetrics, type CallSeries, UNKNOWN } from "../../observe/call-metrics.ts";

/** A public procedure, with what is decided once for all of its calls. */
export interface EdgeRoute {
  readonly target: Target;
  /** The only HTTP method that the procedure accepts. */
  readonly method: string;
  readonly series: CallSeries;
}

/**
 * The procedures that can be called from outside, by path.
 *
 * Internal procedures are left out here and nowhere else. So a request for an internal procedure is handled like one for an unknown
 * procedure.
 */
export class RouteTable {
  readonly #routes = new Map<string, EdgeRoute>();
  /** Counts the calls of all unknown paths together. */
  readonly unknownSeries: CallSeries;

  constructor(targets: TargetMap, metrics: CallMetrics) {
    const labels = { caller: "outside", transport: "trpc" };
    for (const [path, target] of targets) {
      if (target.procedure.access === "internal") continue;
      const method = target.procedure.type === "mutation" ? "POST" : "GET";
      this.#routes.set(path, { target, method, series: metrics.series({ procedure: path, ...labels }) });
    }
    this.unknownSeries = metrics.series({ procedure: UNKNOWN, ...labels });
  }

  find(path: string): EdgeRoute | undefined {
    return this.#routes.get(path);
  }
}
