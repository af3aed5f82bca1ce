import type { TargetMap } from "../../contract/index.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { HolonError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Principal } from "../../kernel/principal.ts";
import { clientNetwork } from "./client-network.ts";
import { type AddressedClient, ProcedureRates } from "./procedure-rates.ts";
import { RateCounter, type RateStore } from "./rate-counter.ts";
import { tooManyRefusals, tooManyRequests } from "./too-many-requests.ts";

/** The shortest time between two log lines that say that addresses are refused. */
const QUIET_MS = 60_000;

interface RateGateDeps {
  readonly targets: TargetMap;
  readonly limits: Pick<Limits, "userRateCount" | "addressRateCount" | "refusalRateCount" | "rateWindowMs" | "rateKeysCount">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Undefined if this edge counts alone. */
  readonly store: RateStore | undefined;
}

/** Counts calls from outside, for every protocol. */
export class RateGate {
  readonly #users: RateCounter;
  readonly #addresses: RateCounter;
  readonly #refusals: RateCounter;
  readonly #procedures = new Map<string, ProcedureRates>();
  readonly #clock: Clock;
  readonly #log: Logger;
  #quietUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ targets, limits, clock, log, store }: RateGateDeps) {
    this.#clock = clock;
    this.#log = log;
    const keysCount = limits.rateKeysCount;
    const create = (name: string, limit: number, windowMs: number): RateCounter =>
      new RateCounter({ limit, windowMs, keysCount, clock, shared: store?.totals(name, windowMs) });
    this.#users = create("user", limits.userRateCount, limits.rateWindowMs);
    this.#addresses = create("address", limits.addressRateCount, limits.rateWindowMs);
    this.#refusals = create("refusal", limits.refusalRateCount, limits.rateWindowMs);
    for (const [path, target] of targets) {
      if (target.procedure.rateLimits.length === 0) continue;
      const rates = new ProcedureRates(target, ({ limit, windowMs }, index) => create(`${path}:${index}`, limit, windowMs));
      this.#procedures.set(path, rates);
    }
  }

  /** Counts the calls of one request: those of a user by the user, all others by their address. Returns the error if there are too many. */
  admit(principal: Principal, client: AddressedClient, callCount: number): HolonError | undefined {
    return principal.kind === "user" ? take(this.#users, principal.id, callCount) : take(this.#addresses, clientNetwork(client.address), callCount);
  }

  /** Counts a request that was refused before its calls were known. */
  countRefusal({ address }: AddressedClient): void {
    const network = clientNetwork(address);
    this.#refusals.take(network);
    if (this.#refusals.waitMs(network) > 0) this.#warn(network);
  }

  /**
   * The error if a request is not read at all, because too many requests from its address were refused. This check costs nothing until a request
   * is refused.
   */
  bar(client: AddressedClient): HolonError | undefined {
    if (this.#refusals.size === 0) return undefined;
    const waitMs = this.#refusals.waitMs(clientNetwork(client.address));
    return waitMs === 0 ? undefined : tooManyRefusals(this.#refusals.limit, this.#refusals.windowMs, waitMs);
  }

  /**
   * Logs at most once a minute that an address is refused. If the address is that of a proxy which is not in the trusted list, one client causes all others
   * behind the proxy to be refused.
   */
  #warn(address: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#quietUntilMs) return;
    this.#quietUntilMs = nowMs + QUIET_MS;
    this.#log.warn(
      { address },
      "too many requests of an address were refused because they were malformed, came from a page of another site or named nothing that exists (limit refusalRateCount, HOLON_LIMIT_REFUSAL_RATE_COUNT): all its requests for procedures get 429 until the rate window ends; if a proxy has this address, name it in HOLON_TRUSTED_PROXIES",
    );
  }

  /** The limits of one procedure alone; undefined if it has none. */
  of(path: string): ProcedureRates | undefined {
    return this.#procedures.size === 0 ? undefined : this.#procedures.get(path);
  }
}

function take(counter: RateCounter, key: string, callCount: number): HolonError | undefined {
  const waitMs = counter.take(key, callCount);
  return waitMs === 0 ? undefined : tooManyRequests(counter.limit, counter.windowMs, waitMs);
}
