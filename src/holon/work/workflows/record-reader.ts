import { type Clock, isHolonError, Semaphore } from "../../kernel/index.ts";
import { RENEWALS_PER_LEASE } from "../engine/lease-thread.ts";
import type { RunClaim, StepRecord } from "./run-claim.ts";
import type { RunStore } from "./run-store.ts";
import type { StepStore } from "./step-store.ts";

/** What {@link RecordReader} is made from. */
export interface RecordReaderDeps {
  readonly runs: Pick<RunStore, "now">;
  readonly steps: Pick<StepStore, "load">;
  readonly leaseMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Whether the process stops: nothing more is read then. */
  readonly isClosing: () => boolean;
}

/** What came of reading the records of a run: they were read, or cannot be, or its turn did not come. */
export type Reading = { readonly records: readonly StepRecord[] } | { readonly unreadable: unknown } | { readonly isUntried: true };

/**
 * Reads the records of one of the runs that were claimed together. Shape: undefined if the process stops. Errors: the database's, which is away or busy:
 * nothing is wrong with the run.
 */
export type ReadRecords = (claim: RunClaim) => Promise<Reading | undefined>;

/**
 * As shares of a lease. Longest that one reading may take: of all runs of a look together, and of one by itself. `turn`: how long a run that was claimed may
 * wait until its last reading begins. It keeps its place meanwhile: many runs that cannot be read must not keep all places, each until those before it were tried.
 */
const SHARES = { together: 0.2, singly: 0.6, turn: 0.5 } as const;

/** Runs whose records are read by themselves at once: those that have hundreds of megabytes must not take all connections. */
const SINGLY_COUNT = 2;

const UNTRIED = { isUntried: true } as const;

/**
 * Reads what is recorded of runs that are resumed, while their leases are renewed: of all runs of one look together, one look after the other; and of each
 * by itself if that fails, since one of them may be to blame.
 *
 * A run is to blame if its own records cannot be read although the database answers. A full pool, or a database that is away, says nothing of any run.
 */
export class RecordReader {
  readonly #deps: RecordReaderDeps;
  readonly #together = new Semaphore(1);
  readonly #singly = new Semaphore(SINGLY_COUNT);

  constructor(deps: RecordReaderDeps) {
    this.#deps = deps;
  }

  /** Begins to read the records of runs that were claimed together. Those of a run are to be asked for once: they are not kept here after that. */
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

  /** In any order: those whose turn does not come must not be the same ones each time. */
  async #readEach(ids: readonly string[], untilMs: number): Promise<Map<string, Promise<Reading | undefined>>> {
    const order = ids.map((id) => ({ id, at: this.#deps.random() })).sort((one, other) => one.at - other.at);
    return new Map(order.map(({ id }) => [id, this.#readSingly(id, untilMs)]));
  }

  async #readSingly(id: string, untilMs: number): Promise<Reading | undefined> {
    try {
      return await this.#load(this.#singly, [id], SHARES.singly, untilMs);
    } catch (error) {
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

/** Takes a place, if one is free in time. Returns whether it did. */
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
