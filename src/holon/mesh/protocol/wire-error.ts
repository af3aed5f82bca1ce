import type { Executed } from "../../kernel/error-catalogue.ts";
import { HolonError } from "../../kernel/holon-error.ts";

/** An error as it is sent: without cause and stack. */
interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
  readonly executed: Executed;
  readonly status: number;
}

/** The part of an error that may leave the process. */
export function toWireError(error: HolonError): WireError {
  return { code: error.code, message: error.message, details: error.details, executed: error.executed, status: error.status };
}

const CODE_LENGTH = 100;

/**
 * The error that a peer sent, of the same class that a local call throws; undefined if the value is not an error.
 *
 * The peer may be of another version. A code that this version does not know is kept. Other unknown values become what is safe to assume: the
 * handler may have run, and the status is that of the code.
 */
export function fromWireError(value: unknown): HolonError | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { code, message, details, executed, status } = value as Partial<Record<keyof WireError, unknown>>;
  if (typeof code !== "string" || code === "" || code.length > CODE_LENGTH || typeof message !== "string") return undefined;
  const known = executed === "no" || executed === "yes" ? executed : "maybe";
  return new HolonError(code, message, { details, executed: known, ...(typeof status === "number" ? { status } : {}) });
}
