import type { OrderStatus } from "#contracts/orders";

/**
 * Where an order may go from where it stands.
 *
 * ```
 *   place        changeStatus        changeStatus
 *   ─────▶ confirmed ─────▶ shipped ─────▶ delivered
 *              │ cancel
 *              ▼
 *          cancelling ─────▶ cancelled
 *                  money and stock are back
 * ```
 */
const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  confirmed: ["shipped", "cancelling"],
  shipped: ["delivered"],
  delivered: [],
  cancelling: ["cancelled"],
  cancelled: [],
};

/** Whether an order may go from one status to the other. */
export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  return NEXT[from].includes(to);
}
