import type { Registry } from "prom-client";

/** One line of the exposition. */
export interface Sample {
  /** Set if it differs from the metric's name. */
  readonly metricName?: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
}

/**
 * Adds a metric whose numbers are kept elsewhere and copied at each scrape.
 *
 * prom-client calls only `get()` on a registered metric, but its types require one of its own classes.
 */
export function registerCopied(registry: Registry, name: string, type: "histogram" | "counter", help: string, read: () => Sample[]): void {
  const metric = { name, help, get: async () => ({ name, help, type, aggregator: "sum", values: read() }), reset() {} };
  registry.registerMetric(metric as unknown as Parameters<Registry["registerMetric"]>[0]);
}
