import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";

/** The details of an error that says when to try again. */
export interface RetryDetails {
  readonly retryAfterMs: number;
}

/** The answer to a client that calls too often. It says how long to wait, but not what was counted, because the count may be that of another client. */
export function tooManyRequests(limit: number, windowMs: number, waitMs: number): HolonError {
  const details: RetryDetails = { retryAfterMs: waitMs };
  return catalogueError("TOO_MANY_REQUESTS", `At most ${limit} calls within ${seconds(windowMs)} s are accepted here. Wait ${seconds(waitMs)} s.`, {
    details,
  });
}

/** The answer to an address from which too many requests were refused before a procedure was known. */
export function tooManyRefusals(limit: number, windowMs: number, waitMs: number): HolonError {
  const details: RetryDetails = { retryAfterMs: waitMs };
  return catalogueError(
    "TOO_MANY_REQUESTS",
    `${limit} requests of this address were refused within ${seconds(windowMs)} s because they were malformed, came from a page of another site or named nothing that exists (limit refusalRateCount, HOLON_LIMIT_REFUSAL_RATE_COUNT). Correct them, and wait ${seconds(waitMs)} s.`,
    { details },
  );
}

/** `retry-after` with its value, as a flat list, for an error that says when to try again; undefined for any other error. */
export function retryAfterHeader(error: HolonError): readonly [name: string, value: string] | undefined {
  const waitMs = retryAfterMs(error);
  return waitMs === undefined ? undefined : ["retry-after", String(seconds(waitMs))];
}

/** How long to wait before the next attempt; undefined unless an error of the toolkit says it. */
export function retryAfterMs({ code, details }: HolonError): number | undefined {
  if (code !== "TOO_MANY_REQUESTS" && code !== "OVERLOADED") return undefined;
  const waitMs = (details as Partial<RetryDetails> | undefined | null)?.retryAfterMs;
  return Number.isFinite(waitMs) && (waitMs as number) >= 0 ? waitMs : undefined;
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
