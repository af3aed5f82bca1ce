import { ContractError } from "./contract-error.ts";

/**
 * What calls are counted by: the client's address (of IPv6 its /64 network), the signed-in user (the address where nobody signed in), or a field of
 * the input as it was parsed, so that two spellings of one e-mail are one.
 */
export type RateLimitKey = "address" | "user" | `input.${string}`;

/**
 * How often a procedure may be called from outside; more is TOO_MANY_REQUESTS, before the handler is entered.
 *
 * Calls of other contexts are not counted. Units: windowMs in milliseconds (1 s to 1 d); the window begins with the first call.
 */
export interface RateLimit {
  /** Calls that pass within one window. */
  readonly limit: number;
  readonly windowMs: number;
  /** All of them together are what is counted by. */
  readonly by: readonly RateLimitKey[];
  /** Gives a call back that succeeded, so that only failures are counted: for whoever guesses passwords. */
  readonly skipSuccessful?: boolean;
}

const SHORTEST_WINDOW_MS = 1_000;
const LONGEST_WINDOW_MS = 24 * 3_600_000;
const FIELD = "input.";

/** What a procedure says that its limits must fit. */
interface LimitedProcedure {
  readonly access: unknown;
  readonly input: unknown;
  readonly rateLimits: readonly RateLimit[];
}

/** Errors: ContractError for limits that could not be kept, naming the cure. */
export function assertRateLimits(where: string, { rateLimits, input, access }: LimitedProcedure): void {
  if (rateLimits.length > 0 && access === "internal") {
    throw new ContractError(where, "rateLimits count calls from outside, and an internal procedure has none; leave them out");
  }
  for (const { limit, windowMs, by } of rateLimits) {
    if (!Number.isInteger(limit) || limit < 1) throw new ContractError(where, `rateLimits has the limit ${limit}; it is a whole number from 1`);
    if (!Number.isInteger(windowMs) || windowMs < SHORTEST_WINDOW_MS || windowMs > LONGEST_WINDOW_MS) {
      throw new ContractError(where, `rateLimits has a window of ${windowMs} ms; it is whole milliseconds from a second to a day`);
    }
    if (by.length === 0) throw new ContractError(where, 'rateLimits counts by nothing; name "address", "user" or "input.<field>"');
    for (const key of by) if (!isKnown(key, input)) throw new ContractError(where, `rateLimits counts by "${key}", which is no field of the input`);
  }
}

/** The name of the field that a key stands for; undefined where it is none. */
export function rateLimitField(key: RateLimitKey): string | undefined {
  return key.startsWith(FIELD) ? key.slice(FIELD.length) : undefined;
}

function isKnown(key: RateLimitKey, input: unknown): boolean {
  const field = rateLimitField(key);
  if (field === undefined) return key === "address" || key === "user";
  const { shape } = input as { readonly shape?: object };
  return shape !== undefined && Object.hasOwn(shape, field);
}
