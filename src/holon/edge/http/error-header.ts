import type { HolonError } from "../../kernel/index.ts";
import { retryAfterHeader } from "../rates/index.ts";

/** HTTP has no 401 without a challenge. Browsers ask nobody for a bearer token, as they would for a password. */
const CHALLENGE = ["www-authenticate", "Bearer"] as const;

/**
 * The header that an error has beside its body, with its value, flat: a 401 says how to prove who one is, a 429 or 503 when to come back.
 *
 * Source: RFC 9110 (15.5.2), RFC 6750 (3), RFC 6585 (4).
 */
export function errorHeader(error: HolonError): readonly [name: string, value: string] | undefined {
  return error.status === 401 ? CHALLENGE : retryAfterHeader(error);
}
