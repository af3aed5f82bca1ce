// The prices of the Northwind data are in dollars.
const MONEY = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

/** Formats an amount of cents for people. */
export function formatCents(cents: number): string {
  return MONEY.format(cents / 100);
}

/** Reads a typed price, as in `18`, `18.5` or `18,50`. Shape: cents; undefined if the text is not a price. */
export function parseCents(text: string): number | undefined {
  const match = /^\s*(\d{1,6})(?:[.,](\d{1,2}))?\s*$/.exec(text);
  if (match === null) return undefined;
  const [, whole = "0", fraction = ""] = match;
  return Number(whole) * 100 + Number(fraction.padEnd(2, "0"));
}

/** Formats a price for an input: `18.50`. */
export function toPriceText(cents: number): string {
  return (cents / 100).toFixed(2);
}
