import { createHash } from "node:crypto";
import { createParser, ParseFailure, type Parser, type RateLimit, type RateLimitKey, rateLimitField, type Target } from "../../contract/index.ts";
import { errorRow } from "../../kernel/error-catalogue.ts";
import { type HolonError, isHolonError } from "../../kernel/holon-error.ts";
import type { Principal } from "../../kernel/principal.ts";
import { clientNetwork } from "./client-network.ts";
import type { GiveBack, RateCounter } from "./rate-counter.ts";
import { tooManyRequests } from "./too-many-requests.ts";

/** The address that a call comes from. */
export interface AddressedClient {
  /** The client's own address, not that of a proxy. It is read only if it is needed. */
  readonly address: string;
}

/** A call that passed the limits. */
export interface RateTicket {
  /**
   * Called when the call has ended. The count is taken back if the environment failed before the call reached its handler. It is also taken back if
   * the call succeeded and the limit has `skipSuccessful`.
   */
  settle(error: HolonError | undefined): void;
}

interface CountedLimit {
  readonly limit: RateLimit;
  readonly counter: RateCounter;
}

/** The limits that the contract gives one procedure. */
export class ProcedureRates {
  readonly #limits: readonly CountedLimit[];
  readonly #parse: Parser;

  constructor({ procedure }: Target, createCounter: (limit: RateLimit, index: number) => RateCounter) {
    this.#limits = procedure.rateLimits.map((limit, index) => ({ limit, counter: createCounter(limit, index) }));
    this.#parse = createParser(procedure.input);
  }

  /**
   * Counts one call before it runs, so that concurrent calls get no more tries than sequential ones.
   *
   * Shape: a ticket, or the refusal. A call whose input does not fit the contract is not counted; the procedure refuses the call.
   */
  async take(principal: Principal, client: AddressedClient, raw: unknown): Promise<RateTicket | HolonError> {
    const input = this.#parse(raw);
    if (input instanceof ParseFailure) return FREE;
    const taken: Taken[] = [];
    for (const { limit, counter } of this.#limits) {
      const key = keyOf(limit.by, principal, client, input);
      const counted = await counter.takeExactly(key);
      if (typeof counted === "number") {
        for (const { giveBack } of taken) giveBack();
        return tooManyRequests(limit.limit, limit.windowMs, counted);
      }
      taken.push({ limit, giveBack: counted });
    }
    return new Ticket(taken);
  }
}

interface Taken {
  readonly limit: RateLimit;
  readonly giveBack: GiveBack;
}

class Ticket implements RateTicket {
  readonly #taken: readonly Taken[];

  constructor(taken: readonly Taken[]) {
    this.#taken = taken;
  }

  settle(error: HolonError | undefined): void {
    const isUntried = error !== undefined && errorRow(error.code).kind === "fault" && error.executed === "no";
    for (const { limit, giveBack } of this.#taken) {
      if (isUntried || (error === undefined && limit.skipSuccessful === true)) giveBack();
    }
  }
}

const FREE: RateTicket = { settle() {} };

/** Whether a call passed the limits. */
export function isTicket(taken: RateTicket | HolonError): taken is RateTicket {
  return !isHolonError(taken);
}

/** A short text for the values by which a call is counted. It is a hash, because a store of counts must not have e-mail addresses, and inputs are long. */
function keyOf(by: readonly RateLimitKey[], principal: Principal, client: AddressedClient, input: unknown): string {
  const parts = by.map((key) => partOf(key, principal, client, input));
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
}

function partOf(key: RateLimitKey, principal: Principal, { address }: AddressedClient, input: unknown): unknown {
  const field = rateLimitField(key);
  if (field !== undefined) return (input as Record<string, unknown> | undefined)?.[field] ?? null;
  return key === "user" && principal.kind === "user" ? ["user", principal.id] : ["address", clientNetwork(address)];
}
