import { expect, test } from "vitest";
import { OrderStatus } from "#contracts/orders";
import { mayBecome } from "./order-status.ts";

const ALLOWED = [
  ...["pending>confirmed", "confirmed>shipped", "shipped>delivered"],
  ...["pending>declining", "pending>declined", "declining>declined"],
  ...["confirmed>cancelling", "cancelling>cancelled"],
];
const PAIRS = OrderStatus.options.flatMap((from) => OrderStatus.options.map((to) => [from, to] as const));

test.each(PAIRS)("an order that is %s may become %s only along the state machine", (from, to) => {
  expect(mayBecome(from, to)).toBe(ALLOWED.includes(`${from}>${to}`));
});
