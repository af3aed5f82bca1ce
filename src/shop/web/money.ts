// The Northwind data is in dollars.
const MONEY = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

/** An amount of cents as people read it. */
export function formatCents(cents: number): string {
  return MONEY.format(cents / 100);
}

/** The cents of a price that somebody typed, as in `18`, `18.5` or `18,50`; undefined for what is no price. */
export function parseCents(text: string): number | undefined {
  const match = /^\s*(\d{1,6})(?:[.,](\d{1,2}))?\s*$/.exec(text);
  if (match === null) return undefined;
  const [, whole = "0", fraction = ""] = match;
  return Number(whole) * 100 + Number(fraction.padEnd(2, "0"));
}

/** A price as an input shows it: `18.50`. */
export function toPriceText(cents: number): string {
  return (cents / 100).toFixed(2);
}
