import { expect, test } from "vitest";
import { formatCents, parseCents, toPriceText } from "./money.ts";

test.each([
  [0, "$0.00"],
  [1_805, "$18.05"],
  [14_490_623, "$144,906.23"],
])("formatCents shows %i cents as %s", (cents, text) => {
  expect(formatCents(cents)).toBe(text);
});

test.each([
  ["18", 1_800],
  [" 18.5 ", 1_850],
  ["18,05", 1_805],
  ["0.29", 29],
  ["18.505", undefined],
  ["-1", undefined],
  ["1e3", undefined],
  ["", undefined],
])("parseCents reads the price %j as %j cents", (text, cents) => {
  expect(parseCents(text)).toBe(cents);
});

test("parseCents reads what toPriceText writes", () => {
  expect([1, 29, 1_999, 10_000_000].map((cents) => parseCents(toPriceText(cents)))).toEqual([1, 29, 1_999, 10_000_000]);
});
