import type { Closable } from "../../kernel/lifecycle.ts";
import { RENEWALS_PER_LEASE } from "../engine/lease-thread.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { JobTable } from "./job-table.ts";

interface UnheardClaimsDeps extends TaskDeps {
  readonly table: Pick<JobTable, "giveBackUnheard">;
  readonly leaseMs: number;
}

interface UnheardClaim {
  readonly id: string;
  readonly fence: string;
  /** A moment on the monotonic clock, before the claim was sent. */
  readonly sinceMs: number;
  /** Until when its commit may still arrive; undefined until the claim was given up and the database has answered. */
  untilMs: number | undefined;
}

/** Most claims that are remembered. */
const CLAIMS_COUNT = 10_000;

/** Most claims that one statement gives back. */
const PAGE_COUNT = 500;

/**
 * A lost claim may be committed when the database comes back. The greatest wait is shorter than its lease, so that the claim is given back before the lease
 * ends.
 */
const BACKOFF = { firstMs: 250, greatestMs: 2_000 };

/**
 * Claims of this process whose answers were lost with the connection. They may have been committed. They are not renewed, so each committed claim would count
 * as a death when its lease ends.
 *
 *     unheard  --its job is requested again, and runs under the claim-->    handed out, as if its answer had come
 *     unheard  --its job is not requested any more-->                       given up
 *     given up --the database answers, and the claim was committed-->       given back
 *     given up --the database has answered for a whole lease-->             forgotten: the claim was never committed
 *
 * I1. A claim is handed out or given back, never both: it is taken out of the map before the database is asked about it.
 * I2. A claim is given back under its own fence. So no other claim of its job is changed: not an older one, not a later one, not one that is being written.
 * I3. A claim that was given up is looked for until no commit of it can still come: a server may run the statement after the connection was lost.
 * I4. If there are too many claims, the oldest are kept: when the later ones were sent, the database was away, so they were not committed.
 */
export class UnheardClaims implements Closable {
  readonly #deps: UnheardClaimsDeps;
  readonly #unheard = new Map<string, UnheardClaim[]>();
  readonly #givenUp = new Set<UnheardClaim>();
  readonly #task: Task;
  #unheardCount = 0;

  constructor(deps: UnheardClaimsDeps) {
    this.#deps = deps;
    this.#task = new Task({
      ...deps,
      task: "give back claims of jobs whose answer was lost",
      everyMs: deps.leaseMs / RENEWALS_PER_LEASE,
      backoff: BACKOFF,
      run: () => this.#giveBack(),
    });
  }

  /** How many claims are remembered. */
  get size(): number {
    return this.#unheardCount + this.#givenUp.size;
  }

  remember(id: string, fence: string, sinceMs: number): void {
    // I4.
    if (this.size >= CLAIMS_COUNT) return;
    const claim = { id, fence, sinceMs, untilMs: undefined };
    const others = this.#unheard.get(id);
    if (others === undefined) this.#unheard.set(id, [claim]);
    else others.push(claim);
    this.#unheardCount++;
  }

  /** I1. Takes a claim out, to be handed out. Shape: the moment from which its lease counts; undefined if its answer was not lost, or if it was given up. */
  take(id: string, fence: string): number | undefined {
    const claims = this.#unheard.get(id);
    const claim = claims?.find((one) => one.fence === fence);
    if (claims === undefined || claim === undefined) return undefined;
    const others = claims.filter((one) => one !== claim);
    if (others.length === 0) this.#unheard.delete(id);
    else this.#unheard.set(id, others);
    this.#unheardCount--;
    return claim.sinceMs;
  }

  /** Must be called when the job is not requested any more: its remaining claims are given back as soon as the database answers. */
  giveUp(id: string): void {
    const claims = this.#unheard.get(id);
    if (claims === undefined) return;
    this.#unheard.delete(id);
    this.#unheardCount -= claims.length;
    for (const claim of claims) this.#givenUp.add(claim);
    this.#task.wake();
  }

  /** Gives back the claims that it can give back, once. The leases of the other claims end by themselves. */
  async close(): Promise<void> {
    await this.#task.close();
    for (const claims of this.#unheard.values()) for (const claim of claims) this.#givenUp.add(claim);
    this.#unheard.clear();
    this.#unheardCount = 0;
    await this.#giveBack().catch(() => {});
  }

  async #giveBack(): Promise<boolean> {
    const claims = [...this.#givenUp];
    for (let at = 0; at < claims.length; at += PAGE_COUNT) await this.#giveBackPage(claims.slice(at, at + PAGE_COUNT));
    return false;
  }

  async #giveBackPage(claims: readonly UnheardClaim[]): Promise<void> {
    const { table, leaseMs, clock, log } = this.#deps;
    const given = await table.giveBackUnheard(claims, leaseMs / RENEWALS_PER_LEASE);
    const nowMs = clock.monotonicMs();
    for (const claim of claims) {
      // I3.
      claim.untilMs ??= nowMs + leaseMs;
      if (given.has(claim) || nowMs >= claim.untilMs) this.#givenUp.delete(claim);
    }
    if (given.size > 0) log.info({ count: given.size }, "claims of jobs whose answer was lost are given back");
  }
}
