import type { Registry } from "prom-client";
import { CALL_BUCKETS_SECONDS, type CallLabels, CallSeries } from "./call-series.ts";
import { registerCopied, type Sample } from "./copied-metric.ts";

/** The names that may become labels. Every other name is counted under {@link UNKNOWN}. */
export interface CallNames {
  /** With the name of the context first: `catalog.products.get`. */
  readonly procedures: Iterable<string>;
  readonly callers: Iterable<string>;
}

/** The label of every name that was not declared. Random paths from outside become one series, not one series each. */
export const UNKNOWN = "unknown";

/** The way of a call: in process, between processes, or from outside; `app` are calls that the routes of an app make. */
const TRANSPORTS: ReadonlySet<string> = new Set(["local", "mesh", "trpc", "rest", "app"]);

/**
 * All series of a process. Callers get their series at start and keep it, so that a call looks nothing up.
 *
 * Guarantee: at most procedures x callers x transports series, because labels come from declarations only.
 */
export class CallMetrics {
  readonly #procedures: ReadonlySet<string>;
  readonly #callers: ReadonlySet<string>;
  readonly #series = new Map<string, CallSeries>();

  constructor(names: CallNames) {
    this.#procedures = new Set(names.procedures);
    this.#callers = new Set(["edge", "outside", ...names.callers]);
  }

  /** The series of these labels; the same one for the same labels. */
  series(labels: CallLabels): CallSeries {
    const known: CallLabels = {
      procedure: this.#procedures.has(labels.procedure) ? labels.procedure : UNKNOWN,
      caller: this.#callers.has(labels.caller) ? labels.caller : UNKNOWN,
      transport: TRANSPORTS.has(labels.transport) ? labels.transport : UNKNOWN,
    };
    const key = `${known.procedure} ${known.caller} ${known.transport}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = new CallSeries(known);
      this.#series.set(key, series);
    }
    return series;
  }

  get size(): number {
    return this.#series.size;
  }

  /** Adds `holon_call_duration_seconds` and `holon_calls_total` to a registry; each scrape copies the numbers. */
  registerIn(registry: Registry): void {
    registerCopied(registry, "holon_call_duration_seconds", "histogram", "How long calls took.", () => this.#durations());
    registerCopied(registry, "holon_calls_total", "counter", "Calls by the code they ended with; OK is a success.", () => this.#totals());
  }

  #durations(): Sample[] {
    const values: Sample[] = [];
    for (const series of this.#series.values()) {
      const labels = { ...series.labels };
      let count = 0;
      series.buckets.forEach((inBucket, index) => {
        count += inBucket;
        const le = CALL_BUCKETS_SECONDS[index] ?? "+Inf";
        values.push(named("holon_call_duration_seconds_bucket", { ...labels, le }, count));
      });
      values.push(named("holon_call_duration_seconds_sum", labels, series.sumSeconds));
      values.push(named("holon_call_duration_seconds_count", labels, count));
    }
    return values;
  }

  #totals(): Sample[] {
    const values: Sample[] = [];
    for (const series of this.#series.values()) {
      for (const [code, count] of series.codes()) values.push({ labels: { ...series.labels, code }, value: count });
    }
    return values;
  }
}

function named(metricName: string, labels: Sample["labels"], value: number): Sample {
  return { metricName, labels, value };
}
