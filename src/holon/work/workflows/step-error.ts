import { errorRow, HolonError, isHolonError } from "../../kernel/index.ts";
import { describeError, redactText } from "../../observe/index.ts";

/** An error as it is kept: what callers may know of it, and no more. */
export interface KeptError {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

const GREATEST_MESSAGE_LENGTH = 1_000;

/** Takes off an error what is kept of it; what is no error of the toolkit is INTERNAL. */
export function toKept(error: unknown): KeptError {
  if (isHolonError(error)) {
    const { code, message, details } = error;
    return { code, message: message.slice(0, GREATEST_MESSAGE_LENGTH), ...(details === undefined ? {} : { details }) };
  }
  return { code: "INTERNAL", message: describeError(error).slice(0, GREATEST_MESSAGE_LENGTH) };
}

/** The error that a body gets, the first time and each time it is run again. */
export function fromKept({ code, message, details }: KeptError): HolonError {
  return new HolonError(code, message, { details });
}

/** The error as a sentence for people. */
export function reasonOf(error: unknown): string {
  const { code, message } = toKept(error);
  return `${code}: ${redactText(message)}`;
}

/** Whether another attempt may help: faults that the catalogue does not forbid to repeat, and what nobody declared. */
export function isWorthTrying(error: unknown): boolean {
  if (!isHolonError(error) || error.code === "INTERNAL") return true;
  const { kind, retry } = errorRow(error.code);
  return kind !== "refusal" && retry !== "never";
}

/** Whether an effect outside may have happened although this was thrown. */
export function isDoubtful(error: unknown): boolean {
  return !isHolonError(error) || error.executed !== "no";
}
