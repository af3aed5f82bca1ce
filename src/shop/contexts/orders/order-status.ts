import type { OrderStatus } from "#contracts/orders";

/**
 * The statuses that may follow each status.
 *
 * ```
 *   place
 *   ─────▶ pending ─────────▶ confirmed ─────▶ shipped ─────▶ delivered
 *             │ refused           │ cancel
 *             ▼                   ▼
 *         declining           cancelling
 *             │                   │      money and stock are back
 *             ▼                   ▼
 *         declined            cancelled
 * ```
 */
const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  // An order goes straight to `declined` if its placing failed before it could write the reason.
  pending: ["confirmed", "declining", "declined"],
  confirmed: ["shipped", "cancelling"],
  shipped: ["delivered"],
  delivered: [],
  declining: ["declined"],
  declined: [],
  cancelling: ["cancelled"],
  cancelled: [],
};

/** Whether a status is final. */
export function isFinal(status: OrderStatus): boolean {
  return NEXT[status].length === 0;
}

/** The statuses of a sold order. Such orders count in totals and sales. */
export const SOLD = ["confirmed", "shipped", "delivered"] as const satisfies readonly OrderStatus[];

/** Whether an order may change from one status to the other. */
export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  return NEXT[from].includes(to);
}
