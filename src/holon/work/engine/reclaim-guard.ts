import { RENEWALS_PER_LEASE } from "./lease-thread.ts";

/** Longest time that the guard waits while looks come late again and again. Units: leases. */
const PATIENCE_LEASES = 4;

/**
 * Says whether leases that have ended belong to dead processes, so that their work may be reclaimed.
 *
 *     calm     --looks follow each other-->          calm     reclaims
 *     calm     --a gap between two looks-->          waiting  reclaims nothing
 *     waiting  --a whole lease without a gap-->      calm
 *     waiting  --four leases, with gaps-->           used to gaps: reclaims
 *     waiting, used to gaps --a far longer gap-->    waiting, from the start
 *     used to gaps --a whole lease without a gap-->  calm
 *
 * I1. While the database is away or silent, no living process can renew its leases. When it answers again, all leases have ended. So after a gap, nothing is
 *     reclaimed for the time of one lease: in that time the living processes renew. The first look of a process that starts is calm.
 * I2. A process that computes in long pieces looks late each time, although the database answers other processes. Such a process must reclaim the runs of dead
 *     processes all the same. If the database has answered its looks for four leases, the database has answered the living processes as well. Each gap in that
 *     time counts as one lease at most, because the database may have been silent for the rest of the gap.
 * I3. A gap that is far longer than the usual ones does not come from computing: all processes may have been frozen. The wait starts again.
 */
export class ReclaimGuard {
  readonly #leaseMs: number;
  readonly #gapMs: number;
  #lookedAtMs = Number.POSITIVE_INFINITY;
  #calmFromMs = Number.NEGATIVE_INFINITY;
  #lastGapAtMs = Number.NEGATIVE_INFINITY;
  /** Length of the gap that began the wait. */
  #firstGapMs = 0;
  /** The longest gap since the wait began. */
  #greatestGapMs = 0;
  #patientUntilMs = Number.NEGATIVE_INFINITY;

  /** `leaseMs`: how long a lease holds after it was renewed. `everyMs`: time between two looks at the database. */
  constructor({ leaseMs, everyMs }: { readonly leaseMs: number; readonly everyMs: number }) {
    this.#leaseMs = leaseMs;
    this.#gapMs = Math.max(leaseMs / RENEWALS_PER_LEASE, 2 * everyMs);
  }

  /** Notes a look that the database has answered, at this moment of the database's clock. Returns whether work whose lease has ended may be reclaimed now. */
  looked(databaseMs: number): boolean {
    const sinceMs = databaseMs - this.#lookedAtMs;
    if (sinceMs > this.#gapMs) this.#noteGap(databaseMs, sinceMs);
    this.#lookedAtMs = databaseMs;
    return databaseMs >= this.#calmFromMs;
  }

  /**
   * After a look has allowed to reclaim work, the work may be reclaimed for this long without a new look. A look in that time would allow it too. The time is
   * longer for a process whose looks come late, because such a process also sends the statement that reclaims late.
   */
  get goodForMs(): number {
    // I3. Computing explains the usual time. If the rest is longer than a gap, the database may have been silent in it.
    return this.#usualMs + this.#gapMs;
  }

  /** The longest gap that is usual for this process, at its last look. */
  get #usualMs(): number {
    if (this.#lookedAtMs >= this.#lastGapAtMs + this.#leaseMs) return 0;
    // In the first gap the database may have been silent. The gaps that came after it show what is usual.
    return this.#lookedAtMs >= this.#patientUntilMs ? this.#greatestGapMs : this.#firstGapMs;
  }

  #noteGap(databaseMs: number, sinceMs: number): void {
    if (sinceMs > this.goodForMs) {
      this.#firstGapMs = sinceMs;
      this.#greatestGapMs = 0;
      this.#patientUntilMs = databaseMs + PATIENCE_LEASES * this.#leaseMs;
    } else {
      this.#greatestGapMs = Math.max(this.#greatestGapMs, sinceMs);
      this.#patientUntilMs += Math.max(0, sinceMs - this.#leaseMs);
    }
    this.#lastGapAtMs = databaseMs;
    this.#calmFromMs = Math.min(databaseMs + this.#leaseMs, this.#patientUntilMs);
  }
}
