import { isTRPCClientError } from "@trpc/client";
import type { ErrorData } from "../contract/router-types.ts";

type DataOf<E> = E extends { readonly data: infer Data } ? NonNullable<Data> : never;
type CodeOf<E> = DataOf<E> extends { readonly code: infer Code extends string } ? Code : string;
type DataWithCode<E, Code extends string> = [DataOf<E>] extends [never] ? ErrorData<Code, unknown> : Extract<DataOf<E>, { readonly code: Code }>;

/**
 * Whether an error has the given code. It types `data.details` as the contract of the procedure declares them.
 *
 * For an error from `safe`, only the codes of that procedure are allowed; for a caught error, any code is.
 */
export function isHolonCode<E, const Code extends CodeOf<E>>(error: E, code: Code): error is E & { readonly data: DataWithCode<E, Code> } {
  return isTRPCClientError(error) && (error.data as { readonly code?: unknown } | null | undefined)?.code === code;
}
