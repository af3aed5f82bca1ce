import { RENEWALS_PER_LEASE } from "./lease-thread.ts";

/** What a {@link ReclaimGuard} is made from. */
export interface ReclaimGuardOptions {
  /** How long a lease holds after it was renewed. */
  readonly leaseMs: number;
  /** Between two looks at the database. */
  readonly everyMs: number;
}

/** Longest that looks which come late again and again are waited out, in leases. */
const PATIENCE_LEASES = 4;

/**
 * Tells whether leases that have ended are those of dead processes.
 *
 *     calm     --looks follow each other-->          calm     reclaims
 *     calm     --a gap between two looks-->          waiting  reclaims nothing
 *     waiting  --a whole lease without a gap-->      calm
 *     waiting  --four leases, with gaps-->           used to gaps: reclaims
 *     waiting, used to gaps --a far longer gap-->    waiting, from the start
 *     used to gaps --a whole lease without a gap-->  calm
 *
 * While the database was away, or silent, no living process could renew: right after it, the leases of all have ended. They get the time of one lease to
 * renew them. Of a process that starts, the first look is calm.
 *
 * A process that computes in long pieces looks late each time, though the database answers others: it must not leave the runs of the dead for ever. A
 * database that answered its looks for four leases has answered a living process as well; of a gap among them no more than one lease counts, since it may
 * have been silent for the rest. A gap that is longer than its pieces are is no piece of computing: it may be that all were frozen.
 */
export class ReclaimGuard {
  readonly #leaseMs: number;
  readonly #gapMs: number;
  #lookedAtMs = Number.POSITIVE_INFINITY;
  #calmFromMs = Number.NEGATIVE_INFINITY;
  #lastGapAtMs = Number.NEGATIVE_INFINITY;
  /** How long the gap was with which the waiting began. */
  #firstGapMs = 0;
  /** The longest gap since then. */
  #greatestGapMs = 0;
  #patientUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ leaseMs, everyMs }: ReclaimGuardOptions) {
    this.#leaseMs = leaseMs;
    this.#gapMs = Math.max(leaseMs / RENEWALS_PER_LEASE, 2 * everyMs);
  }

  /** Notes a look that the database has answered, at this moment of its own clock. Returns whether what has ended may be reclaimed now. */
  looked(databaseMs: number): boolean {
    const sinceMs = databaseMs - this.#lookedAtMs;
    if (sinceMs > this.#gapMs) this.#noteGap(databaseMs, sinceMs);
    this.#lookedAtMs = databaseMs;
    return databaseMs >= this.#calmFromMs;
  }

  /**
   * Longest after a look which said so that what has ended may be reclaimed: a look at that moment would say the same. A process whose looks come late gets
   * to the statement that reclaims late as well.
   */
  get goodForMs(): number {
    // A silence on top of a piece of computing is noticed as one between two looks in time is.
    return this.#usualMs + this.#gapMs;
  }

  /** The longest gap that this process is used to, at its last look. */
  get #usualMs(): number {
    if (this.#lookedAtMs >= this.#lastGapAtMs + this.#leaseMs) return 0;
    // The first gap may have been a silence: what a process is used to is told by those that came after it.
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
