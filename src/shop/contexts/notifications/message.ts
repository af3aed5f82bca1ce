import type { NotificationKind } from "#contracts/notifications";

/** The facts from which a message is written. */
export interface MessageFacts {
  readonly orderId: string;
  readonly name: string;
  /** Null if nothing was paid. */
  readonly totalCents: number | null;
  /** Why the order was declined; null if it was not. */
  readonly reason: string | null;
}

/** The text of a message. */
export interface Message {
  readonly subject: string;
  readonly body: string;
}

const MESSAGES: Readonly<Record<NotificationKind, (facts: MessageFacts) => Message>> = {
  orderConfirmed: ({ orderId, name, totalCents }) => ({
    subject: "Your order is confirmed",
    body: `Dear ${name},\n\nwe have your order ${orderId} over ${toAmount(totalCents)} and send it soon.\n`,
  }),
  orderDeclined: ({ orderId, name, reason }) => ({
    subject: "Your order could not be confirmed",
    body: `Dear ${name},\n\nwe are sorry: your order ${orderId} could not be confirmed. ${reason ?? ""}\nNothing was charged, or your money is on its way back to you.\n`,
  }),
  orderCancelled: ({ orderId, name, totalCents }) => ({
    subject: "Your order is cancelled",
    body: `Dear ${name},\n\nyour order ${orderId} is cancelled, and ${toAmount(totalCents)} are on their way back to you.\n`,
  }),
};

/** Writes the text of a message of this kind. */
export function toMessage(kind: NotificationKind, facts: MessageFacts): Message {
  return MESSAGES[kind](facts);
}

/** Formats cents for people, as in `1 234.50`. */
function toAmount(amountCents: number | null): string {
  const cents = amountCents ?? 0;
  const whole = String(Math.floor(cents / 100)).replaceAll(/\B(?=(\d{3})+$)/g, " ");
  return `${whole}.${String(cents % 100).padStart(2, "0")}`;
}
