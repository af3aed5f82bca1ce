import type { NotificationKind } from "#contracts/notifications";

/** What a message is made from. */
export interface MessageFacts {
  readonly orderId: string;
  readonly name: string;
  /** Null where nothing was paid. */
  readonly totalCents: number | null;
  /** Why an order was declined. */
  readonly reason: string | null;
}

/** The words of a message. */
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
    body: `Dear ${name},\n\nwe are sorry: your order ${orderId} could not be confirmed. ${reason ?? ""}\nNothing was charged, or it is on its way back to you.\n`,
  }),
  orderCancelled: ({ orderId, name, totalCents }) => ({
    subject: "Your order is cancelled",
    body: `Dear ${name},\n\nyour order ${orderId} is cancelled, and ${toAmount(totalCents)} are on their way back to you.\n`,
  }),
};

/** Writes a message of a kind. */
export function toMessage(kind: NotificationKind, facts: MessageFacts): Message {
  return MESSAGES[kind](facts);
}

/** Cents as people read them, as in `1 234.50`. */
function toAmount(amountCents: number | null): string {
  const cents = amountCents ?? 0;
  const whole = String(Math.floor(cents / 100)).replaceAll(/\B(?=(\d{3})+$)/g, " ");
  return `${whole}.${String(cents % 100).padStart(2, "0")}`;
}
