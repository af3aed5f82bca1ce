import type { CatalogueCode } from "../kernel/error-catalogue.ts";
import { type HolonError, isHolonError } from "../kernel/holon-error.ts";
import type { CallPromise } from "./handler-context.ts";

/** An error of a call: one of those that its contract declares, with typed details, or one of the catalogue. */
export type CallError<Errors> =
  | { [Code in keyof Errors & string]: HolonError<Code, Errors[Code]> }[keyof Errors & string]
  | HolonError<Exclude<CatalogueCode, keyof Errors>>;

/** The result of {@link safeCall}: `[answer, undefined]` or `[undefined, error]`. */
export type SafeCallResult<Output, Errors> = readonly [answer: Output, error: undefined] | readonly [answer: undefined, error: CallError<Errors>];

/**
 * Awaits a call to another context without throwing, with errors typed by its contract.
 *
 * Errors: an error that is not a HolonError is thrown; only a bug makes one.
 */
export async function safeCall<Output, Errors>(call: CallPromise<Output, Errors>): Promise<SafeCallResult<Output, Errors>> {
  try {
    return [await call, undefined];
  } catch (error) {
    if (isHolonError(error)) return [undefined, error as CallError<Errors>];
    throw error;
  }
}
