import type { Fleet } from "../../test/faults/harness/fleet.ts";
import { waitUntil } from "../../test/faults/harness/wait.ts";

/**
 * Measures the time from the end of a fault until all events that were emitted before that end are acknowledged. It keeps the longest time for each kind of
 * fault, in milliseconds.
 */
export class Recovery {
  readonly worstMs: Record<string, number> = {};
  readonly #fleet: Fleet;
  readonly #watching = new Set<Promise<void>>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** Starts a measurement; call it when a fault has just ended. */
  watch(kind: string): void {
    const watched = this.#watch(kind)
      .catch(() => {
        this.worstMs[kind] = Number.POSITIVE_INFINITY;
      })
      .finally(() => this.#watching.delete(watched));
    this.#watching.add(watched);
  }

  /** Resolves when all measurements have ended. */
  async over(): Promise<void> {
    await Promise.all(this.#watching);
  }

  async #watch(kind: string): Promise<void> {
    const fromMs = performance.now();
    const sql = this.#fleet.sql("orders");
    let position: string | undefined;
    await waitUntil(`all is acknowledged that came before ${kind}`, async () => {
      position ??= (await sql`select coalesce(max(position), 0)::text as p from orders.holon_outbox`)[0]?.["p"] as string;
      const rows = await sql`select 1 from orders.holon_outbox where position <= ${position}::bigint and settled_at is null limit 1`;
      return rows.length === 0;
    });
    this.worstMs[kind] = Math.max(this.worstMs[kind] ?? 0, performance.now() - fromMs);
  }
}
