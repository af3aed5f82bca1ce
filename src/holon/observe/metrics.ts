import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { CallMetrics } from "./call-metrics.ts";
import type { WorkMetrics } from "./work-metrics.ts";

/** A number that is read when it is asked for. */
export interface GaugeReader {
  readonly name: string;
  readonly help: string;
  /** Absent for a single number. Their values must come from closed lists. */
  readonly labels?: readonly string[];
  /** Label values and number; for a single number `[[[], 7]]`. */
  readonly values: () => GaugeValues | Promise<GaugeValues>;
}

/** Numbers by the values of their labels. */
export type GaugeValues = Iterable<readonly [labelValues: readonly string[], value: number]>;

/** What the metrics of a process are made from. */
export interface MetricsOptions {
  readonly calls?: CallMetrics;
  readonly work?: WorkMetrics;
  readonly gauges?: readonly GaugeReader[];
  /** Memory, CPU, garbage collection and event-loop delay of this process; on by default. Observers of them live as long as the process. */
  readonly processMetrics?: boolean;
}

/** All metrics of one process, in a registry of their own: two apps in one process do not meet. */
export interface Metrics {
  readonly contentType: string;
  /** The exposition that Prometheus scrapes. */
  text(): Promise<string>;
  /** Adds a number. */
  addGauge(reader: GaugeReader): void;
}

/** Gathers what a process counts; nothing is computed until somebody scrapes. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry });
  options.calls?.registerIn(registry);
  options.work?.registerIn(registry);
  const addGauge = (reader: GaugeReader): void => registerGauge(registry, reader);
  for (const reader of options.gauges ?? []) addGauge(reader);
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
