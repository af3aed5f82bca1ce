import type { Order } from "../api.ts";

type Status = Order["status"];

const STEPS = ["Placed", "Paid and confirmed", "Shipped", "Delivered"] as const;

/** How many steps an order has done in each status. A declined or cancelled order has no steps. */
const DONE: Partial<Record<Status, number>> = { pending: 1, confirmed: 2, shipped: 3, delivered: 4 };

/** The progress of an order from placing to delivery; nothing for a declined or cancelled order. */
export function OrderProgress({ status }: { readonly status: Status }) {
  const done = DONE[status];
  if (done === undefined) return null;
  return (
    <ol className="progress">
      {STEPS.map((step, index) => (
        <li key={step} className={stepClass(index, done, status)} aria-current={index === done - 1 ? "step" : undefined}>
          <span>{step}</span>
        </li>
      ))}
    </ol>
  );
}

function stepClass(index: number, done: number, status: Status): string {
  if (index < done) return "done";
  return index === done && status === "pending" ? "under-way" : "to-come";
}
