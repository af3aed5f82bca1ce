import { catalogueError } from "../kernel/holon-error.ts";

/** Options of one call, as in `mutate(input, { context: { idempotencyKey } })`. */
export interface CallContext {
  /** Makes an idempotent mutation safe to repeat: a second call with the same key gets the first answer. The key has at most 200 characters. */
  readonly idempotencyKey?: string;
  /** The longest time that the call may take, in whole milliseconds. The edge has a default and a maximum. */
  readonly deadlineMs?: number;
}

/**
 * The headers that carry keys and deadlines of the calls in one request.
 *
 * Shape: one value for each call by position, separated by commas and percent-encoded; empty for a call without a key or a deadline.
 * Errors: BAD_REQUEST for a malformed key or deadline. A malformed key is not just left out, because then a repeated call could have two effects.
 */
export function callHeaders(operations: readonly { readonly context: Readonly<Record<string, unknown>> }[]): Record<string, string> {
  const contexts = operations.map((operation) => operation.context);
  return {
    ...header(
      "idempotency-key",
      contexts.map((context) => keyText(context.idempotencyKey)),
    ),
    ...header(
      "holon-deadline-ms",
      contexts.map((context) => deadlineText(context.deadlineMs)),
    ),
  };
}

function header(name: string, values: readonly string[]): Record<string, string> {
  return values.every((value) => value === "") ? {} : { [name]: values.join(",") };
}

function keyText(key: unknown): string {
  if (key === undefined) return "";
  if (typeof key !== "string" || key === "") throw catalogueError("BAD_REQUEST", "context.idempotencyKey is not a text of 1 to 200 characters.");
  return encodeURIComponent(key);
}

function deadlineText(deadlineMs: unknown): string {
  if (deadlineMs === undefined) return "";
  if (!Number.isSafeInteger(deadlineMs) || (deadlineMs as number) < 0)
    throw catalogueError("BAD_REQUEST", "context.deadlineMs is not a whole number of milliseconds.");
  return String(deadlineMs);
}
