import { type Executed, errorRow } from "./error-catalogue.ts";
import { HolonError } from "./holon-error.ts";

/**
 * A copy of an error of the toolkit that user code threw: a plain instance without cause and stack, which may be read and sent anywhere.
 *
 * Status, message and `executed` may be anything that code without types made up; a peer would take a malformed error for a broken connection.
 * `details` are those of the copy, `status` is that of the contract where it declares one.
 * Errors: TypeError if the code is not a text; what a getter or a proxy of the error throws.
 */
export function plainError(error: HolonError, details: unknown, status?: number): HolonError {
  const { code, message, executed } = error as { readonly code: unknown; readonly message: unknown; readonly executed: Executed };
  if (typeof code !== "string") throw new TypeError("the code of a HolonError is not a text");
  const row = errorRow(code);
  return new HolonError(code, typeof message === "string" ? message : row.meaning, {
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
