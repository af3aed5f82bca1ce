import type { Clock } from "../../kernel/clock.ts";
import { isHolonError } from "../../kernel/holon-error.ts";
import { Semaphore } from "../../kernel/semaphore.ts";
import { RENEWALS_PER_LEASE } from "../engine/lease-thread.ts";
import type { RunClaim, StepRecord } from "./run-claim.ts";
import type { RunStore } from "./run-store.ts";
import type { StepStore } from "./step-store.ts";

interface RecordReaderDeps {
  readonly runs: Pick<RunStore, "now">;
  readonly steps: Pick<StepStore, "load">;
  readonly leaseMs: number;
  readonly clock: Clock;
  /** A random number in [0, 1). */
  readonly random: () => number;
  /** Whether the process stops: nothing more is read then. */
  readonly isClosing: () => boolean;
}

/** The outcome of reading the records of a run: they were read, they cannot be read, or the run's turn did not come. */
export type Reading = { readonly records: readonly StepRecord[] } | { readonly unreadable: unknown } | { readonly isUntried: true };

/**
 * Reads the records of one of the runs that were claimed together. Shape: undefined if the process stops. Errors: those of a database that is away or busy,
 * which say nothing against the run.
 */
export type ReadRecords = (claim: RunClaim) => Promise<Reading | undefined>;

/**
 * Parts of a lease. `together`: longest time of reading all runs of a look. `singly`: longest time of reading one run. `turn`: how long after its claim the
 * last reading of a run may begin. A run that waits to be read keeps its place in the process. Without this limit, runs that cannot be read could keep all
 * places while they are tried one after the other.
 */
const SHARES = { together: 0.2, singly: 0.6, turn: 0.5 } as const;

/** How many single runs are read at once. Runs with hundreds of megabytes of records must not take all connections. */
const SINGLY_COUNT = 2;

const UNTRIED = { isUntried: true } as const;

/**
 * Reads the records of resumed runs, while their leases are renewed.
 *
 * I1. All runs of one look are read together, one look after the other. If that fails, each run is read alone, because one of them may be to blame.
 * I2. A run is to blame only if its own records cannot be read although the database answers. A full pool or a database that is away says nothing about a run.
 */
export class RecordReader {
  readonly #deps: RecordReaderDeps;
  readonly #together = new Semaphore(1);
  readonly #singly = new Semaphore(SINGLY_COUNT);

  constructor(deps: RecordReaderDeps) {
    this.#deps = deps;
  }

  /** Starts to read the records of runs that were claimed together. The records of each run can be requested once: they are not kept after that. */
  begin(claims: readonly RunClaim[]): ReadRecords {
    const { clock, leaseMs } = this.#deps;
    const untilMs = clock.monotonicMs() + leaseMs * SHARES.turn;
    const ids = claims.map(({ id }) => id);
    const readings = this.#readTogether(ids, untilMs).catch(() => this.#readEach(ids, untilMs));
    return async ({ id }) => {
      const byRun = await readings;
      const reading = byRun.get(id);
      byRun.delete(id);
      return reading;
    };
  }

  async #readTogether(ids: readonly string[], untilMs: number): Promise<Map<string, Reading | undefined>> {
    const reading = await this.#load(this.#together, ids, SHARES.together, untilMs);
    if (reading === undefined || !("records" in reading)) return new Map(ids.map((id) => [id, reading]));
    const byRun = new Map<string, StepRecord[]>(ids.map((id) => [id, []]));
    for (const record of reading.records) byRun.get(record.runId)?.push(record);
    return new Map([...byRun].map(([id, records]) => [id, { records }]));
  }

  /** I1. In random order, so that it is not always the same runs whose turn does not come. */
  async #readEach(ids: readonly string[], untilMs: number): Promise<Map<string, Promise<Reading | undefined>>> {
    const order = ids.map((id) => ({ id, at: this.#deps.random() })).sort((one, other) => one.at - other.at);
    return new Map(order.map(({ id }) => [id, this.#readSingly(id, untilMs)]));
  }

  async #readSingly(id: string, untilMs: number): Promise<Reading | undefined> {
    try {
      return await this.#load(this.#singly, [id], SHARES.singly, untilMs);
    } catch (error) {
      // I2.
      if ((isHolonError(error) && error.code === "OVERLOADED") || !(await this.#isAnswering())) throw error;
      return { unreadable: error };
    }
  }

  async #load(lanes: Semaphore, ids: readonly string[], share: number, untilMs: number): Promise<Reading | undefined> {
    const { steps, leaseMs, clock, isClosing } = this.#deps;
    if (!(await entersWithin(lanes, untilMs - clock.monotonicMs()))) return UNTRIED;
    try {
      return isClosing() ? undefined : { records: await steps.load(ids, leaseMs * share) };
    } finally {
      lanes.leave();
    }
  }

  #isAnswering(): Promise<boolean> {
    const { runs, leaseMs } = this.#deps;
    return runs.now(leaseMs / RENEWALS_PER_LEASE).then(
      () => true,
      () => false,
    );
  }
}

/** Takes a place if one becomes free in time. Returns whether it did. */
function entersWithin(lanes: Semaphore, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    if (lanes.tryEnter()) return resolve(true);
    const giveUp = lanes.wait(() => {
      clearTimeout(timer);
      resolve(true);
    });
    const timer = setTimeout(() => {
      giveUp();
      resolve(false);
    }, ms);
  });
}
