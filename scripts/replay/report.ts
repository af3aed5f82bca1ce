import type { ReplayResult } from "./run-replay.ts";

/** What the data comes to, in the currency's hundredths. */
export const EXPECTED = { orders: 830, lines: 2_155, cents: 144_906_231 } as const;

/** Whether a replay ended as it must. */
export function isComplete({ totals, errors }: ReplayResult): boolean {
  return totals.orders === EXPECTED.orders && totals.lines === EXPECTED.lines && totals.cents === EXPECTED.cents && countOf(errors) === 0;
}

/** What a replay came to, for a person to read. */
export function renderReport(result: ReplayResult): string {
  const { totals, rate, p50Ms, p99Ms, errors, retries, callsRetried } = result;
  const rows = [
    ["orders", grouped(totals.orders), expected(totals.orders, EXPECTED.orders)],
    ["lines", grouped(totals.lines), expected(totals.lines, EXPECTED.lines)],
    ["total", `${grouped(totals.cents)} cents`, expected(totals.cents, EXPECTED.cents)],
    ["rate", `${rate.toFixed(1)} orders/s`, ""],
    ["p50", `${p50Ms.toFixed(1)} ms`, ""],
    ["p99", `${p99Ms.toFixed(1)} ms`, ""],
    ["retried", `${callsRetried} calls`, byCode(retries)],
    ["errors", String(countOf(errors)), byCode(errors)],
  ] as const;
  return rows.map(([name, value, note]) => `${name.padEnd(9)}${value}${note === "" ? "" : `  (${note})`}`).join("\n");
}

function expected(value: number, wanted: number): string {
  return value === wanted ? "" : `expected ${grouped(wanted)}`;
}

function byCode(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([code, count]) => `${code} ${count}`)
    .join(", ");
}

function countOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Digits in groups of three, as in `144 906 231`. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, " ");
}
