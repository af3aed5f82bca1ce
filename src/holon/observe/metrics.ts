import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { CallMetrics } from "./call-metrics.ts";
import type { WorkMetrics } from "./work-metrics.ts";

/** A number that is read at each scrape. */
export interface GaugeReader {
  readonly name: string;
  readonly help: string;
  /** Absent for a single number. The values of labels must come from closed lists. */
  readonly labels?: readonly string[];
  /** Label values and their number; for a single number `[[[], 7]]`. */
  readonly values: () => GaugeValues | Promise<GaugeValues>;
}

/** Numbers by the values of their labels. */
export type GaugeValues = Iterable<readonly [labelValues: readonly string[], value: number]>;

interface MetricsDeps {
  readonly calls?: CallMetrics;
  readonly work?: WorkMetrics;
  readonly gauges?: readonly GaugeReader[];
  /** Memory, CPU, garbage collection and event-loop delay of this process; on by default. Their observers live as long as the process. */
  readonly processMetrics?: boolean;
}

/** All metrics of one process, in a registry of their own, so that two apps in one process do not share any. */
export interface Metrics {
  readonly contentType: string;
  /** The exposition that Prometheus scrapes. */
  text(): Promise<string>;
  /** Adds a number that is read at each scrape. */
  addGauge(reader: GaugeReader): void;
}

/** Collects the counts of a process; nothing is computed before a scrape. */
export function createMetrics(deps: MetricsDeps): Metrics {
  const registry = new Registry();
  if (deps.processMetrics !== false) collectDefaultMetrics({ register: registry });
  deps.calls?.registerIn(registry);
  deps.work?.registerIn(registry);
  const addGauge = (reader: GaugeReader): void => registerGauge(registry, reader);
  for (const reader of deps.gauges ?? []) addGauge(reader);
  return { contentType: registry.contentType, text: () => registry.metrics(), addGauge };
}

function registerGauge(registry: Registry, { name, help, labels = [], values }: GaugeReader): void {
  new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    async collect() {
      const read = await values();
      this.reset();
      for (const [labelValues, value] of read) this.set(Object.fromEntries(labels.map((label, index) => [label, labelValues[index] ?? ""])), value);
    },
  });
}
