import { RENEWALS_PER_LEASE } from "./lease-thread.ts";

/** What a {@link ReclaimGuard} is made from. */
export interface ReclaimGuardOptions {
  /** How long a lease holds after it was renewed. */
  readonly leaseMs: number;
  /** Between two looks at the database. */
  readonly everyMs: number;
}

/**
 * Tells whether leases that have ended are those of dead processes.
 *
 *     calm     --looks follow each other-->          calm     reclaims
 *     calm     --a gap between two looks-->          waiting  reclaims nothing
 *     waiting  --a whole lease without a gap-->      calm
 *
 * While the database was away, or silent, no living process could renew: right after it, the leases of all have ended. They get the time of one lease to
 * renew them. Of a process that starts, the first look is calm.
 */
export class ReclaimGuard {
  readonly #leaseMs: number;
  readonly #gapMs: number;
  #lookedAtMs = Number.POSITIVE_INFINITY;
  #calmFromMs = Number.NEGATIVE_INFINITY;

  constructor({ leaseMs, everyMs }: ReclaimGuardOptions) {
    this.#leaseMs = leaseMs;
    this.#gapMs = Math.max(leaseMs / RENEWALS_PER_LEASE, 2 * everyMs);
  }

  /** Notes a look that the database has answered, at this moment of its own clock. Returns whether what has ended may be reclaimed now. */
  looked(databaseMs: number): boolean {
    if (databaseMs - this.#lookedAtMs > this.#gapMs) this.#calmFromMs = databaseMs + this.#leaseMs;
    this.#lookedAtMs = databaseMs;
    return databaseMs >= this.#calmFromMs;
  }

  /** Longest that the database may take to get to the statement that reclaims: after it, the look before it says nothing any more. */
  get goodForMs(): number {
    return this.#gapMs;
  }
}
