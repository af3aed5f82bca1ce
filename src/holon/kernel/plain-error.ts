import { HolonError } from "./holon-error.ts";

/**
 * A copy of an error of the toolkit that user code threw: a plain instance without cause and stack, which may be read and sent anywhere.
 *
 * Untyped code may set status and `executed` to any value, and a peer would take a malformed error for a broken connection. `details` are those of the copy;
 * `status` is the contract's if the contract declares one. `isHolonError` is true for the given error.
 * Errors: those that a getter or a proxy of the error throws.
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

/**
 * The value after a trip through JSON, so that caller and callee never share an object and see the same values as between processes. Undefined if the value has
 * no JSON.
 */
export function jsonCopy(value: unknown): unknown {
  if (value === undefined) return undefined;
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return undefined;
  }
}
