import { errorRow } from "../../kernel/error-catalogue.ts";
import { HolonError, isHolonError } from "../../kernel/holon-error.ts";
import { originOf } from "../../kernel/origin.ts";
import { readSafely, storableJson, storableText } from "../../kernel/thrown.ts";
import { describeError } from "../../observe/redaction.ts";

/** An error as it is kept: what callers may know about it, and no more. */
export interface KeptError {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

const GREATEST_MESSAGE_LENGTH = 1_000;

/** Longest JSON of details that is kept. */
const GREATEST_DETAILS_LENGTH = 64 * 1024;

/**
 * Keeps the public part of an error. An error that is not of the toolkit becomes INTERNAL.
 *
 * Never throws. The result can always be stored: texts are cut and well-formed, and details that cannot be written as JSON are left out.
 */
export function toKept(error: unknown): KeptError {
  const kept = isHolonError(error) ? readSafely(() => keptOf(error), undefined) : undefined;
  return kept ?? { code: "INTERNAL", message: storableText(describeError(error), GREATEST_MESSAGE_LENGTH) };
}

function keptOf({ code, message, details: given }: HolonError): KeptError {
  const details = storableJson(given, GREATEST_DETAILS_LENGTH);
  return { code: storableText(code, 200), message: storableText(message, GREATEST_MESSAGE_LENGTH), ...(details === undefined ? {} : { details }) };
}

/** The error that a body gets, the first time and at each replay. */
export function fromKept({ code, message, details }: KeptError): HolonError {
  return new HolonError(code, message, { details });
}

/** Whether another attempt may help. That is so for faults that the catalogue allows to repeat, for INTERNAL, and for errors that are not of the toolkit. */
export function isWorthTrying(error: unknown): boolean {
  return readSafely(() => {
    if (!isHolonError(error) || error.code === "INTERNAL") return true;
    const { kind, retry } = errorRow(error.code);
    return kind !== "refusal" && retry !== "never";
  }, true);
}

/**
 * Whether an effect outside may have happened although this error was thrown. If the step itself refuses with `executed: "no"`, the effect did not happen. A
 * statement or a call that failed below the step does not prove that.
 */
export function isDoubtful(error: unknown): boolean {
  return readSafely(() => !isHolonError(error) || error.executed !== "no" || originOf(error) !== undefined, true);
}
