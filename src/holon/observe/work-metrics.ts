import type { Registry } from "prom-client";
import { registerCopied, type Sample } from "./copied-metric.ts";

/** What runs behind calls. */
export type WorkKind = "job" | "event" | "step";

/** How a run ended. */
export type WorkOutcome =
  | "done"
  /** Failed, and is tried again. */
  | "again"
  /** Failed for good: a job that is kept, an event that is parked, a step whose run is undone. */
  | "failed"
  /** Somebody else had taken it over meanwhile. */
  | "lost"
  | "undone";

/** Counts the end of one run. Names come from declarations only. */
export type CountWork = (kind: WorkKind, context: string, name: string, outcome: WorkOutcome) => void;

/** How often jobs, handlers of events and steps of workflows ran in this process, by how that ended. */
export class WorkMetrics {
  readonly #samples = new Map<string, { readonly labels: Record<string, string>; value: number }>();

  readonly count: CountWork = (kind, context, name, outcome) => {
    const key = `${kind} ${context} ${name} ${outcome}`;
    const sample = this.#samples.get(key);
    if (sample === undefined) this.#samples.set(key, { labels: { kind, context, name, outcome }, value: 1 });
    else sample.value++;
  };

  /** Adds `holon_work_runs_total` to a registry. */
  registerIn(registry: Registry): void {
    registerCopied(registry, "holon_work_runs_total", "counter", "Runs of jobs, event handlers and workflow steps, by how they ended.", () =>
      [...this.#samples.values()].map(({ labels, value }): Sample => ({ labels: { ...labels }, value })),
    );
  }
}
