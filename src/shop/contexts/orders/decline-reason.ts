import { isHolonError } from "holon";
import { DeclineCode, type DeclineReason } from "#contracts/orders";

/** What other contexts call what declines an order. */
const CODES: Readonly<Record<string, DeclineReason["code"]>> = { NOT_FOUND: "UNKNOWN_CUSTOMER" };

/**
 * Why an order is declined that failed with an error.
 *
 * Shape: `FAILED` for what is no refusal of the shop's; its message names the code only, because customers read it.
 */
export function declineReasonOf(error: unknown): DeclineReason {
  if (!isHolonError(error)) return { code: "FAILED", message: "The order could not be placed: INTERNAL." };
  const code = DeclineCode.safeParse(CODES[error.code] ?? error.code).data ?? "FAILED";
  return { code, message: MESSAGES[code]?.(error) ?? error.message };
}

const MESSAGES: Partial<Record<DeclineReason["code"], (error: { readonly code: string; readonly details: unknown }) => string>> = {
  FAILED: ({ code }) => `The order could not be placed: ${code}.`,
  UNKNOWN_CUSTOMER: () => "There is no such customer.",
  UNKNOWN_PRODUCT: ({ details }) => `There is no product ${(details as { readonly productId: string }).productId}.`,
  OUT_OF_STOCK: ({ details }) => {
    const { productId, available } = details as { readonly productId: string; readonly available: number };
    return `There are only ${available} left of product ${productId}.`;
  },
};
