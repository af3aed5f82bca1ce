import type { HolonError } from "../../kernel/holon-error.ts";
import { retryAfterHeader } from "../rates/too-many-requests.ts";

/** HTTP requires a challenge with 401. For a bearer token a browser shows no dialog, as it would for a password. */
const CHALLENGE = ["www-authenticate", "Bearer"] as const;

/**
 * The header that goes with an error's body, as a flat list of name and value: a 401 says how to authenticate, a 429 or 503 when to come back.
 *
 * Source: RFC 9110 (15.5.2), RFC 6750 (3), RFC 6585 (4).
 */
export function errorHeader(error: HolonError): readonly [name: string, value: string] | undefined {
  return error.status === 401 ? CHALLENGE : retryAfterHeader(error);
}
