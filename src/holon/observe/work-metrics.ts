import type { Registry } from "prom-client";
import { registerCopied, type Sample } from "./copied-metric.ts";

/** What runs behind calls. */
export type WorkKind = "job" | "event" | "step";

/** How an attempt ended; one that failed is tried again, or not: what was set aside is told by gauges. */
export type WorkOutcome = "done" | "failed";

/** Counts one attempt. Names come from declarations only: the job, `<producer>.<event>`, the workflow of a step. */
export type CountWork = (kind: WorkKind, context: string, name: string, outcome: WorkOutcome) => void;

/** Runs an attempt and counts how it ended. */
export async function counted<Result>(
  count: CountWork | undefined,
  labels: readonly [WorkKind, string, string],
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    const result = await run();
    count?.(...labels, "done");
    return result;
  } catch (error) {
    count?.(...labels, "failed");
    throw error;
  }
}

/** Attempts of jobs, handlers of events and steps of workflows in this process, by how they ended. */
export class WorkMetrics {
  readonly #samples = new Map<string, { readonly labels: Record<string, string>; value: number }>();

  readonly count: CountWork = (kind, context, name, outcome) => {
    const key = `${kind} ${context} ${name} ${outcome}`;
    const sample = this.#samples.get(key);
    if (sample === undefined) this.#samples.set(key, { labels: { kind, context, name, outcome }, value: 1 });
    else sample.value++;
  };

  /** Adds `holon_work_attempts_total` to a registry. */
  registerIn(registry: Registry): void {
    registerCopied(registry, "holon_work_attempts_total", "counter", "Attempts of jobs, event handlers and workflow steps, by how they ended.", () =>
      [...this.#samples.values()].map(({ labels, value }): Sample => ({ labels: { ...labels }, value })),
    );
  }
}
