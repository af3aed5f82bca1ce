import { isHolonError, Semaphore } from "../../kernel/index.ts";
import { RENEWALS_PER_LEASE } from "../engine/lease-thread.ts";
import type { RunClaim, StepRecord } from "./run-claim.ts";
import type { RunStore } from "./run-store.ts";
import type { StepStore } from "./step-store.ts";

/** What {@link RecordReader} is made from. */
export interface RecordReaderDeps {
  readonly runs: Pick<RunStore, "now">;
  readonly steps: Pick<StepStore, "load">;
  readonly leaseMs: number;
  /** Whether the process stops: nothing more is read then. */
  readonly isClosing: () => boolean;
}

/** What came of reading the records of a run. */
export type Reading = { readonly records: readonly StepRecord[] } | { readonly unreadable: unknown };

/**
 * Reads the records of one of the runs that were claimed together. Shape: undefined if the process stops. Errors: the database's, which is away or busy:
 * nothing is wrong with the run.
 */
export type ReadRecords = (claim: RunClaim) => Promise<Reading | undefined>;

/** Longest that one reading may take, as shares of a lease: of all runs of a look together, and of one by itself. */
const SHARES = { together: 0.2, singly: 0.6 } as const;

/** Runs whose records are read by themselves at once: those that have hundreds of megabytes must not take all connections. */
const SINGLY_COUNT = 2;

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

  /** Begins to read the records of runs that were claimed together. */
  begin(claims: readonly RunClaim[]): ReadRecords {
    const ids = claims.map(({ id }) => id);
    const reading = this.#load(this.#together, ids, SHARES.together).catch(() => undefined);
    return async ({ id }) => {
      const records = await reading;
      if (records === undefined) return this.#readSingly(id);
      return { records: records.filter(({ runId }) => runId === id) };
    };
  }

  async #readSingly(id: string): Promise<Reading | undefined> {
    try {
      const records = await this.#load(this.#singly, [id], SHARES.singly);
      return records === undefined ? undefined : { records };
    } catch (error) {
      if ((isHolonError(error) && error.code === "OVERLOADED") || !(await this.#isAnswering())) throw error;
      return { unreadable: error };
    }
  }

  #load(lanes: Semaphore, ids: readonly string[], share: number): Promise<readonly StepRecord[] | undefined> {
    const { steps, leaseMs, isClosing } = this.#deps;
    return lanes.run(async () => (isClosing() ? undefined : steps.load(ids, leaseMs * share)));
  }

  #isAnswering(): Promise<boolean> {
    const { runs, leaseMs } = this.#deps;
    return runs.now(leaseMs / RENEWALS_PER_LEASE).then(
      () => true,
      () => false,
    );
  }
}
