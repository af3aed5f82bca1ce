import type { Order } from "../api.ts";

type Status = Order["status"];
type Reason = NonNullable<Order["reason"]>;

/** What a status means for who ordered. */
const NEWS: Readonly<Record<Status, string>> = {
  pending: "We set your products aside and take the payment…",
  confirmed: "Your order is confirmed. A mail is on its way to you.",
  shipped: "Your order is on its way to you.",
  delivered: "Your order has arrived.",
  declining: "Your order cannot be confirmed. We give back what was taken…",
  declined: "Your order could not be confirmed. Nothing was charged, or it is on its way back to you.",
  cancelling: "Your order is being cancelled. We give back what was taken…",
  cancelled: "Your order is cancelled. Your money is on its way back to you.",
};

/** Statuses after which nothing more happens. */
export const FINAL: readonly Status[] = ["delivered", "declined", "cancelled"];

/** Where an order stands, in a sentence for who ordered. */
export function orderNews(status: Status): string {
  return NEWS[status];
}

/** Why an order was declined. `nameOf` knows the names of its products. */
export function declineSentence({ code, message, productId, available }: Reason, nameOf: (productId: string) => string | undefined): string {
  const name = (productId === undefined ? undefined : nameOf(productId)) ?? "A product of it";
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
