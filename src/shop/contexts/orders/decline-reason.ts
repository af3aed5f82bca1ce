import { isHolonError } from "holon";
import { OutOfStock, UnknownProduct } from "#contracts/catalog";
import { DeclineCode, type DeclineReason } from "#contracts/orders";

/** Error codes of other contexts that have another name as the reason of a declined order. */
const CODES: Readonly<Record<string, DeclineReason["code"]>> = { NOT_FOUND: "UNKNOWN_CUSTOMER" };

/**
 * The reason for which an order is declined, from the error that it failed with.
 *
 * Shape: `FAILED` for an error that is not a refusal of the shop; its message contains only the error code, because customers read it.
 */
export function declineReasonOf(error: unknown): DeclineReason {
  if (!isHolonError(error)) return { code: "FAILED", message: "The order could not be placed: INTERNAL." };
  const code = DeclineCode.safeParse(CODES[error.code] ?? error.code).data ?? "FAILED";
  return REASONS[code]?.(error) ?? { code, message: error.message };
}

const REASONS: Partial<Record<DeclineReason["code"], (error: { readonly code: string; readonly details: unknown }) => DeclineReason>> = {
  FAILED: ({ code }) => ({ code: "FAILED", message: `The order could not be placed: ${code}.` }),
  UNKNOWN_CUSTOMER: () => ({ code: "UNKNOWN_CUSTOMER", message: "There is no such customer." }),
  UNKNOWN_PRODUCT: ({ details }) => {
    const { productId } = UnknownProduct.parse(details);
    return { code: "UNKNOWN_PRODUCT", message: `There is no product ${productId}.`, productId };
  },
  OUT_OF_STOCK: ({ details }) => {
    const { productId, available } = OutOfStock.parse(details);
    return { code: "OUT_OF_STOCK", message: `There are only ${available} left of product ${productId}.`, productId, available };
  },
};
