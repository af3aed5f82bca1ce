import { HolonError } from "./holon-error.ts";

/**
 * A copy of an error of the toolkit that user code threw: a plain instance without cause and stack, which may be read and sent anywhere.
 *
 * Status and `executed` may be anything that code without types made up; a peer would take a malformed error for a broken connection.
 * `details` are those of the copy, `status` is that of the contract where it declares one. The error is one of `isHolonError`.
 * Errors: what a getter or a proxy of the error throws.
 */
export function plainError(error: HolonError, details: unknown, status?: number): HolonError {
  const { code, message, executed, row } = error;
  return new HolonError(code, message, {
    details,
    executed: EXECUTED.has(executed) ? executed : row.executed,
    status: status ?? error.status,
  });
}

const EXECUTED: ReadonlySet<unknown> = new Set(["no", "maybe", "yes"]);

/** What JSON would make of a value: caller and callee never share an object, and nothing that JSON loses gets out. Undefined if it has no JSON. */
export function jsonCopy(value: unknown): unknown {
  if (value === undefined) return undefined;
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return undefined;
  }
}
