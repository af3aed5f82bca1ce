import { errorRow, HolonError, isHolonError, originOf, readSafely, storableJson, storableText } from "../../kernel/index.ts";
import { describeError, redactText } from "../../observe/index.ts";

/** An error as it is kept: what callers may know of it, and no more. */
export interface KeptError {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

const GREATEST_MESSAGE_LENGTH = 1_000;

/** Longest JSON of details that is kept. */
const GREATEST_DETAILS_LENGTH = 64 * 1024;

/**
 * Takes off an error what is kept of it; what is no error of the toolkit is INTERNAL.
 *
 * Never throws. Whatever the error says can be stored: texts are cut and well-formed, details that have no JSON are left out.
 */
export function toKept(error: unknown): KeptError {
  const kept = isHolonError(error) ? readSafely(() => keptOf(error), undefined) : undefined;
  return kept ?? { code: "INTERNAL", message: storableText(describeError(error), GREATEST_MESSAGE_LENGTH) };
}

function keptOf({ code, message, details: given }: HolonError): KeptError {
  const details = storableJson(given, GREATEST_DETAILS_LENGTH);
  return { code: storableText(code, 200), message: storableText(message, GREATEST_MESSAGE_LENGTH), ...(details === undefined ? {} : { details }) };
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
  return readSafely(() => {
    if (!isHolonError(error) || error.code === "INTERNAL") return true;
    const { kind, retry } = errorRow(error.code);
    return kind !== "refusal" && retry !== "never";
  }, true);
}

/**
 * Whether an effect outside may have happened although this was thrown. A refusal of the step's own tells; a statement or a call that failed below it
 * does not.
 */
export function isDoubtful(error: unknown): boolean {
  return readSafely(() => !isHolonError(error) || error.executed !== "no" || originOf(error) !== undefined, true);
}
