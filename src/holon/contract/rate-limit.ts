import { ContractError } from "./contract-error.ts";

/**
 * The keys that calls are counted by: the client's address (for IPv6 its /64 network), the signed-in user (the address if no user is signed in), or a field of
 * the parsed input, so that two spellings of one e-mail address count as one.
 */
export type RateLimitKey = "address" | "user" | `input.${string}`;

/**
 * How often a procedure may be called from outside. Further calls are refused with TOO_MANY_REQUESTS before the handler runs.
 *
 * Calls of other contexts are not counted. Units: windowMs in milliseconds (1 s to 1 d); the window begins with the first call.
 */
export interface RateLimit {
  /** Calls that pass within one window. */
  readonly limit: number;
  readonly windowMs: number;
  /** Calls are counted by the combination of all these keys. */
  readonly by: readonly RateLimitKey[];
  /** If true, only calls that fail are counted, as a limit against guessed passwords needs. */
  readonly skipSuccessful?: boolean;
}

const SHORTEST_WINDOW_MS = 1_000;
const LONGEST_WINDOW_MS = 24 * 3_600_000;
const FIELD = "input.";

/** The parts of a procedure that its limits must fit. */
interface LimitedProcedure {
  readonly access: unknown;
  readonly input: unknown;
  readonly rateLimits: readonly RateLimit[];
}

/** Checks the limits of a procedure. Errors: ContractError for limits that cannot work; it names the cure. */
export function assertRateLimits(where: string, { rateLimits, input, access }: LimitedProcedure): void {
  if (rateLimits.length > 0 && access === "internal") {
    throw new ContractError(where, "rateLimits count calls from outside, and an internal procedure gets no such calls; leave them out");
  }
  for (const { limit, windowMs, by } of rateLimits) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new ContractError(where, `rateLimits has the limit ${limit}; a limit must be a whole number, 1 or more`);
    if (!Number.isInteger(windowMs) || windowMs < SHORTEST_WINDOW_MS || windowMs > LONGEST_WINDOW_MS) {
      throw new ContractError(
        where,
        `rateLimits has a window of ${windowMs} ms; a window must be a whole number of milliseconds, from a second to a day`,
      );
    }
    if (by.length === 0) throw new ContractError(where, 'rateLimits counts by nothing; name "address", "user" or "input.<field>"');
    for (const key of by)
      if (!isKnown(key, input)) throw new ContractError(where, `rateLimits counts by "${key}", which is not a field of the input`);
  }
}

/** The name of the field that a key stands for; undefined if the key is not a field. */
export function rateLimitField(key: RateLimitKey): string | undefined {
  return key.startsWith(FIELD) ? key.slice(FIELD.length) : undefined;
}

function isKnown(key: RateLimitKey, input: unknown): boolean {
  const field = rateLimitField(key);
  if (field === undefined) return key === "address" || key === "user";
  const { shape } = input as { readonly shape?: object };
  return shape !== undefined && Object.hasOwn(shape, field);
}
