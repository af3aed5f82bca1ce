import { expect, test } from "vitest";
import { toMessage } from "./message.ts";

test("writes amounts as people read them", () => {
  const facts = { orderId: "o", name: "Maria" };
  expect(toMessage("orderConfirmed", { ...facts, totalCents: 123_456_705 }).body).toContain("over 1 234 567.05 and");
  expect(toMessage("orderCancelled", { ...facts, totalCents: 5 }).body).toContain("and 0.05 are");
});
