import type { Clock } from "../../kernel/clock.ts";
import { catalogueError, type HolonError, isHolonError } from "../../kernel/holon-error.ts";
import { isPassing, markOrigin } from "../../kernel/origin.ts";
import type { EndedRun, JobClaim, JobStanding } from "./job-claim.ts";
import { DEATHS_BEFORE_ALONE, type JobTable } from "./job-table.ts";
import type { UnheardClaims } from "./unheard-claims.ts";

/** Most entries of each kind that one statement writes. */
const PAGE_COUNT = 200;

/** The answer to a request to claim a job. Without a claim it says in which state the job is, if the job exists. */
interface ClaimAnswer {
  readonly claim?: JobClaim;
  readonly standing?: JobStanding | undefined;
}

type ClaimEntry = Entry<string, ClaimAnswer>;
type EndEntry = Entry<EndedRun, boolean>;

/** Most statements that run at once. While they run, claims and ends are gathered for the next one. */
const PAGES_AT_ONCE = 2;

/** How long the end of a run waits for the claim of the next run, to be written together with it. */
const END_WAIT_MS = 3;

interface Entry<Asked, Answer> {
  readonly asked: Asked;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Writes the claims and ends of one context in this process, in batches. Claims and ends that come at the same moment share one statement, and so one commit. A
 * commit for each of them would cost several times what a queue takes to hand out a job.
 *
 * I1. A claim or an end is answered when it is committed. An end is sent after 3 ms at most, and a claim sooner, unless two statements are running.
 * I2. A row that another session has locked delays only its own entry, which fails with a passing error and must be requested again.
 * I3. If the connection was lost, the answer to a claim may be lost too. That claim is found when the job is requested again. If the job is not requested
 *     again, the claim is given back, so that it does not count as a death.
 * I4. An entry that the database refuses fails alone: the entries of its batch are then written one by one.
 */
export class JobBatchWriter {
  readonly #table: JobTable;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  /** Claims whose answers were lost (I3). */
  readonly #unheard: UnheardClaims;
  readonly #claims: ClaimEntry[] = [];
  readonly #ends: EndEntry[] = [];
  #pages = 0;
  #isTurning = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(table: JobTable, clock: Clock, leaseMs: number, unheard: UnheardClaims) {
    this.#table = table;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#unheard = unheard;
  }

  /**
   * Like {@link JobTable.claim}, for a job that is not run alone. After a passing error it may be called again. After the last call, the caller must call
   * {@link UnheardClaims.giveUp}.
   *
   * Errors: CONFLICT, which passes - the row is locked.
   */
  claim(id: string): Promise<ClaimAnswer> {
    return new Promise((resolve, reject) => {
      this.#claims.push({ asked: id, resolve, reject });
      this.#turnSoon();
    });
  }

  /** Like {@link JobTable.done}; also true if this very run is done already. Errors: CONFLICT, which passes - the row is locked. */
  done(claim: JobClaim, result: string | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#ends.push({ asked: { claim, result }, resolve, reject });
      if (this.#ends.length >= PAGE_COUNT) this.#turnSoon();
      else this.#timer ??= setTimeout(() => this.#turnSoon(), END_WAIT_MS);
    });
  }

  /** Writes after the event loop has read its input. By then, all claims and ends that come from one packet have been requested. */
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

  async #write(claims: readonly ClaimEntry[], ends: readonly EndEntry[]): Promise<void> {
    const ids = claims.map(({ asked }) => asked);
    const [fence, sinceMs] = [this.#table.nextFence(), this.#clock.monotonicMs()];
    try {
      const noting = this.#table.note(
        ids,
        ends.map(({ asked }) => asked),
        fence,
        this.#leaseMs,
      );
      const page = await noting.catch((error: unknown) => {
        if (mayBeCommitted(error)) for (const id of ids) this.#unheard.remember(id, fence, sinceMs);
        throw error;
      });
      const openEnds = ends.filter(({ asked }) => !page.ended.has(asked.claim.id));
      const openClaims: ClaimEntry[] = [];
      for (const { asked, resolve } of ends) if (page.ended.has(asked.claim.id)) resolve(true);
      for (const entry of claims) {
        const claim = page.claimed.get(entry.asked);
        // Two messages may name the same job. Only one of them gets the claim.
        page.claimed.delete(entry.asked);
        if (claim === undefined) openClaims.push(entry);
        else entry.resolve({ claim });
      }
      if (openClaims.length + openEnds.length > 0) await this.#explain(openClaims, openEnds);
    } catch (error) {
      // I4.
      if (claims.length + ends.length > 1 && !isPassing(error)) return this.#writeSingly(claims, ends);
      for (const { reject } of [...claims, ...ends]) reject(error);
    }
  }

  async #writeSingly(claims: readonly ClaimEntry[], ends: readonly EndEntry[]): Promise<void> {
    for (const claim of claims) await this.#write([claim], []);
    for (const end of ends) await this.#write([], [end]);
  }

  /** Answers the entries that were not written: they must not be written, or their row is locked (I2). */
  async #explain(claims: readonly ClaimEntry[], ends: readonly EndEntry[]): Promise<void> {
    const standing = await this.#table.standing([...claims.map(({ asked }) => asked), ...ends.map(({ asked }) => asked.claim.id)]);
    for (const { asked: id, resolve, reject } of claims) {
      const job = standing.get(id);
      const claim = job === undefined ? undefined : await this.#heardLate(job);
      if (claim !== undefined) resolve({ claim });
      else if (job?.state === "waiting" && job.is_due && job.deaths < DEATHS_BEFORE_ALONE) reject(rowIsLocked());
      else resolve({ standing: job });
    }
    for (const { asked, resolve, reject } of ends) {
      const { id, attempt, runBy } = asked.claim;
      const job = standing.get(id);
      if (job?.state === "running" && job.attempts === attempt && job.run_by === runBy) reject(rowIsLocked());
      else resolve(job?.state === "done" && job.attempts === attempt);
    }
  }

  /**
   * I3. The claim of a running job, if this process made the claim and its answer was lost. It is handed out once. Its lease counts from the moment of the
   *     request.
   */
  async #heardLate({ id, state, attempts, run_by: runBy }: JobStanding): Promise<JobClaim | undefined> {
    if (state !== "running" || runBy === null) return undefined;
    const sinceMs = this.#unheard.take(id, runBy);
    if (sinceMs === undefined) return undefined;
    try {
      const claim = await this.#table.held(id, attempts);
      return claim?.runBy === runBy ? { ...claim, sinceMs } : undefined;
    } catch (error) {
      this.#unheard.remember(id, runBy, sinceMs);
      throw error;
    }
  }
}

/** The error of a write whose row another session has locked. This error passes: the write may be repeated. */
function rowIsLocked(): HolonError {
  return markOrigin(catalogueError("CONFLICT", "The row of the job is locked by another session."), { layer: "database", isPassing: true });
}

/** Whether a batch may have been committed although its statement failed. */
function mayBeCommitted(error: unknown): boolean {
  return isPassing(error) && !(isHolonError(error) && error.executed === "no");
}
