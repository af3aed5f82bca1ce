import type { EndedRun, JobClaim } from "./job-claim.ts";
import type { JobRuns } from "./job-runs.ts";

/** Most entries of each kind that one statement writes. */
const PAGE_COUNT = 200;

/** Statements under way at once: while the database works on one, the next is gathered. */
const PAGES_AT_ONCE = 2;

/** How long the end of a run waits for the claim of the next one, to be written together with it. */
const END_WAIT_MS = 3;

interface Entry<Asked, Answer> {
  readonly asked: Asked;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Writes what one runner claims and ends. What comes at the same moment is one statement, which is a commit: a commit for each claim and each end
 * would cost several times what a queue takes to hand out a job.
 *
 * Guarantee: a claim is answered when it is committed; an end is on its way within 3 ms, and answered when it is committed.
 */
export class JobLedger {
  readonly #runs: JobRuns;
  readonly #leaseMs: number;
  readonly #claims: Entry<string, JobClaim | undefined>[] = [];
  readonly #ends: Entry<EndedRun, boolean>[] = [];
  #pages = 0;
  #isTurning = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(runs: JobRuns, leaseMs: number) {
    this.#runs = runs;
    this.#leaseMs = leaseMs;
  }

  /** As {@link JobRuns.claim}, of a job that is not run alone. */
  claim(id: string): Promise<JobClaim | undefined> {
    return new Promise((resolve, reject) => {
      this.#claims.push({ asked: id, resolve, reject });
      this.#turnSoon();
    });
  }

  /** As {@link JobRuns.done}. */
  done(claim: JobClaim, result: unknown): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#ends.push({ asked: { claim, result }, resolve, reject });
      if (this.#ends.length >= PAGE_COUNT) this.#turnSoon();
      else this.#timer ??= setTimeout(() => this.#turnSoon(), END_WAIT_MS);
    });
  }

  /** With the next look of the event loop: what arrived in the same packet has been asked for then. */
  #turnSoon(): void {
    if (this.#isTurning || this.#pages >= PAGES_AT_ONCE) return;
    this.#isTurning = true;
    setImmediate(() => {
      this.#isTurning = false;
      this.#turn();
    });
  }

  #turn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const claims = this.#claims.splice(0, PAGE_COUNT);
    const ends = this.#ends.splice(0, PAGE_COUNT);
    if (claims.length + ends.length === 0) return;
    this.#pages++;
    void this.#write(claims, ends).finally(() => {
      this.#pages--;
      if (this.#claims.length > 0 || this.#ends.length > 0) this.#turnSoon();
    });
  }

  async #write(claims: readonly Entry<string, JobClaim | undefined>[], ends: readonly Entry<EndedRun, boolean>[]): Promise<void> {
    try {
      const page = await this.#runs.note(
        claims.map(({ asked }) => asked).sort(),
        ends.map(({ asked }) => asked).sort((one, other) => (one.claim.id < other.claim.id ? -1 : 1)),
        this.#leaseMs,
      );
      for (const { asked, resolve } of ends) resolve(page.ended.has(asked.claim.id));
      // Two addresses of one job are one claim.
      for (const { asked, resolve } of claims) {
        resolve(page.claimed.get(asked));
        page.claimed.delete(asked);
      }
    } catch (error) {
      for (const { reject } of [...claims, ...ends]) reject(error);
    }
  }
}
