import type { Registry } from "prom-client";
import { registerCopied, type Sample } from "./copied-metric.ts";

/** Kinds of background work. */
type WorkKind = "job" | "event" | "step";

/** How an attempt ended. Work whose attempt failed is tried again, or it is parked, failed for good or stuck. Gauges count parked, failed and stuck work. */
type WorkOutcome = "done" | "failed";

/** Counts one attempt. Names come from declarations only: the job, `<producer>.<event>`, or the workflow of a step. */
export type CountWork = (kind: WorkKind, context: string, name: string, outcome: WorkOutcome) => void;

/** Kinds of work that a process may find and that its version does not know. */
export type LeftKind = "event" | "job" | "delay" | "run" | "message" | "outbox";

/**
 * Counts work that a process does not know and leaves to other processes. The names come from rows and messages, and may be any text. So `LeftWork`, which
 * calls this, limits how many names there are.
 */
export type CountLeft = (kind: LeftKind, context: string, name: string, count: number) => void;

/** Counts rows that were removed because of their age. */
export type CountRemoved = (context: string, table: string, count: number) => void;

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
  readonly #attempts = new Samples();
  readonly #left = new Samples();
  readonly #removed = new Samples();

  readonly count: CountWork = (kind, context, name, outcome) => this.#attempts.add({ kind, context, name, outcome }, 1);

  readonly left: CountLeft = (kind, context, name, count) => this.#left.add({ kind, context, name }, count);

  readonly removed: CountRemoved = (context, table, count) => this.#removed.add({ context, table }, count);

  /** Adds `holon_work_attempts_total`, `holon_work_left_total` and `holon_retention_removed_total` to a registry. */
  registerIn(registry: Registry): void {
    registerCopied(registry, "holon_work_attempts_total", "counter", "Attempts of jobs, event handlers and workflow steps, by how they ended.", () =>
      this.#attempts.read(),
    );
    registerCopied(
      registry,
      "holon_work_left_total",
      "counter",
      "Events, jobs, runs and messages that this process does not know and left to others.",
      () => this.#left.read(),
    );
    registerCopied(registry, "holon_retention_removed_total", "counter", "Rows that this process removed because they were old, by table.", () =>
      this.#removed.read(),
    );
  }
}

class Samples {
  readonly #byLabels = new Map<string, { readonly labels: Record<string, string>; value: number }>();

  add(labels: Record<string, string>, count: number): void {
    const key = Object.values(labels).join(" ");
    const sample = this.#byLabels.get(key);
    if (sample === undefined) this.#byLabels.set(key, { labels, value: count });
    else sample.value += count;
  }

  read(): Sample[] {
    return [...this.#byLabels.values()].map(({ labels, value }) => ({ labels: { ...labels }, value }));
  }
}
