import type { OrderStatus } from "#contracts/orders";

/**
 * Where an order may go from where it stands.
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
  // `declined` at once where the placing failed before it could write why.
  pending: ["confirmed", "declining", "declined"],
  confirmed: ["shipped", "cancelling"],
  shipped: ["delivered"],
  delivered: [],
  declining: ["declined"],
  declined: [],
  cancelling: ["cancelled"],
  cancelled: [],
};

/** Whether an order that stands here stays here. */
export function isFinal(status: OrderStatus): boolean {
  return NEXT[status].length === 0;
}

/** Orders in these are sold: they count in totals and sales. */
export const SOLD = ["confirmed", "shipped", "delivered"] as const satisfies readonly OrderStatus[];

/** Whether an order may go from one status to the other. */
export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  return NEXT[from].includes(to);
}
