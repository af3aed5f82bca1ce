import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { Principal } from "../../kernel/principal.ts";
import { clientNetwork } from "./client-network.ts";
import type { AddressedClient } from "./procedure-rates.ts";
import type { RetryDetails } from "./too-many-requests.ts";

/** The limits of a {@link StreamGate}. */
type StreamGateLimits = Pick<Limits, "userStreamCount" | "addressStreamCount" | "streamRetryMs">;

/** Releases the place of a stream. A second call does nothing. */
type ReleaseStream = () => void;

/**
 * Counts the streams that are open at this edge, by user and by address, so that one client cannot use up the streams of all others.
 *
 * Every stream counts for its address; the stream of a signed-in user also counts for the user. Each edge counts for itself.
 * Guarantee: remembers only users and addresses that have a stream open.
 */
export class StreamGate {
  readonly #limits: StreamGateLimits;
  readonly #users = new Map<string, number>();
  readonly #addresses = new Map<string, number>();

  constructor(limits: StreamGateLimits) {
    this.#limits = limits;
  }

  /** How many users and addresses are remembered now. */
  get size(): number {
    return this.#users.size + this.#addresses.size;
  }

  /** Counts one stream. Call the returned function when the connection of the stream is closed. */
  take(principal: Principal, client: AddressedClient): ReleaseStream | HolonError {
    const { userStreamCount, addressStreamCount } = this.#limits;
    const user = principal.kind === "user" ? principal.id : undefined;
    if (user !== undefined && countOf(this.#users, user) >= userStreamCount) {
      return this.#refusal(`At most ${userStreamCount} streams of one user are open at once (limit userStreamCount, HOLON_LIMIT_USER_STREAM_COUNT).`);
    }
    const address = clientNetwork(client.address);
    if (countOf(this.#addresses, address) >= addressStreamCount) {
      return this.#refusal(
        `At most ${addressStreamCount} streams from one address are open at once (limit addressStreamCount, HOLON_LIMIT_ADDRESS_STREAM_COUNT).`,
      );
    }
    if (user !== undefined) change(this.#users, user, 1);
    change(this.#addresses, address, 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      if (user !== undefined) change(this.#users, user, -1);
      change(this.#addresses, address, -1);
    };
  }

  #refusal(message: string): HolonError {
    const details: RetryDetails = { retryAfterMs: this.#limits.streamRetryMs };
    return catalogueError("TOO_MANY_REQUESTS", `${message} Close one, or try again later.`, { details });
  }
}

function countOf(counts: ReadonlyMap<string, number>, key: string): number {
  return counts.get(key) ?? 0;
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const count = countOf(counts, key) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
