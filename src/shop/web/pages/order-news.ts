import type { Order } from "../api.ts";

type Status = Order["status"];
type Reason = NonNullable<Order["reason"]>;

/** The meaning of each status, for the buyer. */
const NEWS: Readonly<Record<Status, string>> = {
  pending: "We set your products aside and take the payment…",
  confirmed: "Your order is confirmed. A mail is on its way to you.",
  shipped: "Your order is on its way to you.",
  delivered: "Your order has arrived.",
  declining: "Your order cannot be confirmed. We give back what was taken…",
  declined: "Your order could not be confirmed. Nothing was charged, or your money is on its way back to you.",
  cancelling: "Your order is being cancelled. We give back what was taken…",
  cancelled: "Your order is cancelled. Your money is on its way back to you.",
};

/** The final statuses. */
export const FINAL: readonly Status[] = ["delivered", "declined", "cancelled"];

/** Describes the status of an order in a sentence for the buyer. */
export function orderNews(status: Status): string {
  return NEWS[status];
}

/** Describes why an order was declined. `nameOf` returns the names of its products. */
export function declineSentence({ code, message, productId, available }: Reason, nameOf: (productId: string) => string | undefined): string {
  const name = (productId === undefined ? undefined : nameOf(productId)) ?? "A product of this order";
  switch (code) {
    case "OUT_OF_STOCK":
      return available === 0 ? `${name} is out of stock.` : `Only ${available ?? "few"} left of ${name}.`;
    case "UNKNOWN_PRODUCT":
      return `${name} is not sold any more.`;
    case "PAYMENT_DECLINED":
      return `The bank declined the payment: ${message}.`;
    case "PAYMENT_UNANSWERED":
      return "The bank did not answer in time.";
    case "UNKNOWN_CUSTOMER":
      return "The account that ordered does not exist any more.";
    case "FAILED":
      return "Something went wrong on our side.";
  }
}
