import type { Order } from "../api.ts";

const NAMES: Readonly<Record<Order["status"], string>> = {
  pending: "Being placed",
  confirmed: "Confirmed",
  shipped: "Shipped",
  delivered: "Delivered",
  declining: "Being declined",
  declined: "Declined",
  cancelling: "Being cancelled",
  cancelled: "Cancelled",
};

/** The name of a status. */
export function statusName(status: Order["status"]): string {
  return NAMES[status];
}

/** All statuses, in the sequence in which menus list them. */
export const STATUSES = Object.keys(NAMES) as readonly Order["status"][];

/** The status of an order, in words and colour. */
export function StatusBadge({ status }: { readonly status: Order["status"] }) {
  return <span className={`badge badge-${status}`}>{NAMES[status]}</span>;
}
