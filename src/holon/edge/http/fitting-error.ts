import { errorRow } from "../../kernel/error-catalogue.ts";
import type { HolonError } from "../../kernel/holon-error.ts";

const MESSAGE_LENGTH = 300;

/** How much of an error is written: all of it, all but its details, or only the catalogue's message. */
type ErrorForm = "whole" | "bare" | "least";

/**
 * The longest form of an error that fits, as `write` writes it.
 *
 * Units: limitBytes is the greatest length of the text. An error that is longer loses its details, then its message is replaced by that of the
 * catalogue. The last form is returned even if it is too long, because an error must be answered.
 */
export function fittingError(error: HolonError, limitBytes: number, write: (message: string, form: ErrorForm) => string): string {
  const whole = unlessThrown(() => write(error.message, "whole"));
  if (whole !== undefined && fits(whole, limitBytes)) return whole;
  const bare = write(error.message.slice(0, MESSAGE_LENGTH), "bare");
  return fits(bare, limitBytes) ? bare : write(errorRow(error.code).meaning, "least");
}

/** Undefined if the details cannot be written as JSON. */
function unlessThrown(write: () => string): string | undefined {
  try {
    return write();
  } catch {
    return undefined;
  }
}

function fits(text: string, limitBytes: number): boolean {
  return text.length * 3 <= limitBytes || Buffer.byteLength(text) <= limitBytes;
}
