import { expect, test } from "vitest";
import { toMessage } from "./message.ts";

test("a mail shows amounts with spaces between the thousands and two decimals", () => {
  const facts = { orderId: "o", name: "Maria", reason: null };
  expect(toMessage("orderConfirmed", { ...facts, totalCents: 123_456_705 }).body).toContain("over 1 234 567.05 and");
  expect(toMessage("orderCancelled", { ...facts, totalCents: 5 }).body).toContain("and 0.05 are");
});

test("a mail says why an order was declined", () => {
  const facts = { orderId: "o", name: "Maria", totalCents: null, reason: "There are only 3 left." };
  expect(toMessage("orderDeclined", facts).body).toContain("There are only 3 left.");
});
