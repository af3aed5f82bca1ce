import type { Clock } from "../../kernel/clock.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { Logger } from "../../kernel/log.ts";
import { type HeldClaim, LeaseSlot } from "./lease-slot.ts";
import { type LeaseAddress, type LeaseOrder, type LeaseReport, type LeaseStatement, RENEWALS_PER_LEASE } from "./lease-thread.ts";

/** A database as the second thread uses it. */
interface LeaseStore {
  rows(text: string, params: readonly unknown[], deadlineMs: number): Promise<readonly { readonly n: number; readonly renewed: boolean }[]>;
  close(): Promise<void>;
}

interface LeaseKeeperDeps {
  readonly report: (report: LeaseReport) => void;
  readonly open: (address: LeaseAddress) => LeaseStore;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Kind {
  readonly address: LeaseAddress;
  readonly statement: LeaseStatement;
  store: LeaseStore | undefined;
  isRenewing: boolean;
  renewedAtMs: number;
}

/** How often the keeper looks for a sign of life in the time of one lease. */
const LOOKS = 30;
const NAMES_COUNT = 20;

/**
 * The side of {@link LeaseThread} that runs in the second thread.
 *
 *     running --no sign of life for a third of a lease--> blocked   logs it, renews the claims that are held
 *     blocked --a sign of life--> running                           logs it, closes its connections
 *
 * I1. The keeper computes the time on the main thread's clock: the moment in the last sign of life, plus the time that has passed in this thread since it
 *     arrived.
 * I2. Claims are renewed only while the main thread counts as blocked, and each claim only until the moment that `#untilMs` gives.
 * I3. Each kind of leases has one renewal at a time. A renewal that fails is tried again at the next look.
 */
export class LeaseKeeper implements Closable {
  readonly #deps: LeaseKeeperDeps;
  readonly #kinds = new Map<number, Kind>();
  readonly #slots: LeaseSlot[] = [];
  #look: NodeJS.Timeout | undefined = undefined;
  /** The last sign of life: its moment on the main thread's clock, and when it was seen here. */
  #mainMs = 0;
  #seenMs: number;
  #isBlocked = false;

  constructor(deps: LeaseKeeperDeps) {
    this.#deps = deps;
    this.#seenMs = deps.clock.monotonicMs();
  }

  take(order: LeaseOrder): void {
    if (order.kind === "open") this.#open(order.number, order.address, order.statement);
    if (order.kind === "page") this.#slots.push(...LeaseSlot.of(order.page));
    const quietMs = this.#quietMs;
    this.#mainMs = order.atMs;
    this.#seenMs = this.#deps.clock.monotonicMs();
    if (this.#isBlocked) this.#turnsAgain(quietMs);
  }

  /** Stops looking for signs of life. */
  async close(): Promise<void> {
    clearInterval(this.#look);
  }

  #open(number: number, address: LeaseAddress, statement: LeaseStatement): void {
    this.#kinds.set(number, { address, statement, store: undefined, isRenewing: false, renewedAtMs: Number.NEGATIVE_INFINITY });
    const leaseMs = Math.min(...[...this.#kinds.values()].map((kind) => kind.statement.leaseMs));
    clearInterval(this.#look);
    this.#look = setInterval(() => this.#lookAround(), leaseMs / LOOKS);
  }

  /**
   * How long ago the last sign of life arrived. It was sent even earlier, so `#mainMs + #quietMs` is never later than the present moment on the main thread's
   * clock.
   */
  get #quietMs(): number {
    return this.#deps.clock.monotonicMs() - this.#seenMs;
  }

  #lookAround(): void {
    const quietMs = this.#quietMs;
    for (const [number, kind] of this.#kinds) {
      // I2. After this long without a sign of life, the main thread counts as blocked.
      const turnMs = kind.statement.leaseMs / RENEWALS_PER_LEASE;
      if (quietMs < turnMs || kind.isRenewing || this.#mainMs + quietMs - kind.renewedAtMs < turnMs) continue;
      const nowMs = this.#mainMs + quietMs;
      const held = this.#slots.flatMap((slot) => slot.read() ?? []);
      const atWork = held.filter(({ isAtWork }) => isAtWork);
      const claims = held.filter((claim) => claim.kind === number && this.#untilMs(claim, atWork) > nowMs);
      if (claims.length === 0) continue;
      if (!this.#isBlocked) this.#sayBlocked(atWork, quietMs);
      void this.#renew(kind, claims, nowMs);
    }
  }

  /**
   * Until when a claim is renewed: for as long as its own run may take, or for as long as another run at work may take, whichever ends later. If the claim's
   * own run is at work, it may be the run that blocks the thread. Then another run counts only if it began after this run, and after the last sign of life. It
   * proves that the main thread got past this run.
   */
  #untilMs(claim: HeldClaim, atWork: readonly HeldClaim[]): number {
    const provenMs = claim.isAtWork ? Math.max(claim.sinceMs, this.#mainMs) : Number.NEGATIVE_INFINITY;
    const others = atWork.filter(({ sinceMs }) => sinceMs > provenMs);
    return Math.max(...[claim, ...others].map(({ sinceMs, forMs }) => sinceMs + forMs));
  }

  async #renew(kind: Kind, claims: readonly HeldClaim[], nowMs: number): Promise<void> {
    const { report, open, log } = this.#deps;
    const { address, statement } = kind;
    kind.isRenewing = true;
    try {
      kind.store ??= open(address);
      const keys = claims.map(({ id, fence }, n) => ({ n, id, fence }));
      const rows = await kind.store.rows(statement.text, [JSON.stringify(keys), statement.leaseMs], statement.leaseMs / RENEWALS_PER_LEASE);
      kind.renewedAtMs = nowMs;
      report({ renewed: rows.flatMap(({ n, renewed }) => (renewed ? [(claims[n] as HeldClaim).number] : [])), sentMs: nowMs });
    } catch (error) {
      log.warn({ err: error, context: address.context }, "leases could not be renewed while the process is blocked; the renewal is tried again");
    } finally {
      kind.isRenewing = false;
    }
  }

  #sayBlocked(atWork: readonly HeldClaim[], quietMs: number): void {
    this.#isBlocked = true;
    const running = [...new Set(atWork.map(({ name }) => name))].slice(0, NAMES_COUNT);
    this.#deps.log.warn(
      { running, blockedForMs: Math.round(quietMs) },
      "the process is blocked: one of these runs, or other work in it, computes without a pause; no other work of this process goes on until it pauses, and each lease is renewed for as long as its run may take",
    );
  }

  #turnsAgain(quietMs: number): void {
    this.#isBlocked = false;
    this.#deps.log.warn({ blockedForMs: Math.round(quietMs) }, "the process is no longer blocked");
    for (const kind of this.#kinds.values()) {
      void kind.store?.close().catch(() => {});
      kind.store = undefined;
      kind.renewedAtMs = Number.NEGATIVE_INFINITY;
    }
  }
}
