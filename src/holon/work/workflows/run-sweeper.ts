import type { Clock, Closable, Logger, TimerWheel } from "../../kernel/index.ts";
import { Poller } from "../outbox/poller.ts";
import type { RunStore } from "./run-store.ts";
import type { WorkflowTiming } from "./workflow-timing.ts";

/** What {@link RunSweeper} needs. */
export interface RunSweeperParts {
  readonly runs: RunStore;
  /** Names with versions that this process has bodies for. */
  readonly known: readonly string[];
  readonly timing: WorkflowTiming;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
}

/** Rows that one statement removes, so that it locks little at a time. */
const SWEEP_COUNT = 1_000;

/** Removes what ended long ago, and says which runs nobody here can work. */
export class RunSweeper implements Closable {
  readonly #parts: RunSweeperParts;
  readonly #poller: Poller;
  #unknownCount = 0;

  constructor(parts: RunSweeperParts) {
    const { clock, wheel, log, timing } = parts;
    this.#parts = parts;
    this.#poller = new Poller({ task: "sweep workflows", everyMs: timing.sweepMs, run: () => this.#sweep(), clock, wheel, log });
    this.#poller.wake();
  }

  /** Runs that were due at the last look and of a workflow or version that this process has no body for. */
  get unknownCount(): number {
    return this.#unknownCount;
  }

  close(): Promise<void> {
    return this.#poller.close();
  }

  async #sweep(): Promise<boolean> {
    const { runs, known, timing, log } = this.#parts;
    const { own } = runs;
    const unknown = await runs.rows<{ workflow: string; version: number; count: number }>(
      "look for unknown runs",
      `select workflow, version, count(*)::int as count from ${own}.holon_runs where wake_at <= now()
       and workflow || '@' || version <> all(array(select jsonb_array_elements_text($1::text::jsonb))) group by 1, 2`,
      [JSON.stringify(known)],
    );
    this.#unknownCount = unknown.reduce((sum, { count }) => sum + count, 0);
    for (const row of unknown) log.warn(row, "runs are due whose workflow or version this process does not have; they are left to others");
    const old = `(select ctid from ${own}.%s where now() - $1::text::float * interval '1 millisecond' limit ${SWEEP_COUNT})`;
    const ended = old.replace("%s where", "holon_runs where settled_at <");
    const received = old.replace("%s where", "holon_awaited_events where received_at <");
    const removed = await runs.rows(
      "remove old runs",
      `with gone as (delete from ${own}.holon_runs where ctid in ${ended} returning id), steps as (delete from ${own}.holon_steps where run_id in (select id from gone))
       select id from gone`,
      [timing.endedKeptMs],
    );
    await runs.rows("remove old events", `delete from ${own}.holon_awaited_events where ctid in ${received} returning 1 as one`, [
      timing.eventsKeptMs,
    ]);
    return removed.length === SWEEP_COUNT;
  }
}
