import { type Executed, HolonError } from "../kernel/index.ts";

/** An error as it travels: no cause, no stack. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
  readonly executed: Executed;
  readonly status: number;
}

/** What may leave the process of an error. */
export function toWireError(error: HolonError): WireError {
  return { code: error.code, message: error.message, details: error.details, executed: error.executed, status: error.status };
}

/** The error that a peer sent, as the same class that a local call throws; undefined where the value is no error. */
export function fromWireError(value: unknown): HolonError | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { code, message, details, executed, status } = value as Partial<Record<keyof WireError, unknown>>;
  if (typeof code !== "string" || typeof message !== "string" || typeof status !== "number") return undefined;
  if (executed !== "no" && executed !== "maybe" && executed !== "yes") return undefined;
  return new HolonError(code, message, { details, executed, status });
}
