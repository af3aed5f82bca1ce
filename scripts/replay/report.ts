import { grouped, holds } from "./checks.ts";
import type { ReplayResult } from "./run-replay.ts";
import { MOVING } from "./settle.ts";

/** Whether a replay had no errors and all its checks hold. */
export function isComplete({ checks, errors }: ReplayResult): boolean {
  return checks.every(holds) && countOf(errors) === 0;
}

/** Formats the result of a replay for people. */
export function renderReport(result: ReplayResult): string {
  const { rate, p50Ms, p99Ms, errors, retries, callsRetried, settledAfterMs, counts, checks } = result;
  const orders = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const seconds = settledAfterMs / 1_000;
  const rows: (readonly [name: string, value: string, note: string])[] = [
    ...checks.map((check) => [check.what, check.found, holds(check) ? "" : `expected ${check.wanted}`] as const),
    ["statuses", byCode(counts), MOVING.some((status) => counts[status] !== undefined) ? "given up: none settled for a minute" : ""],
    ["placed", `${rate.toFixed(1)} orders/s`, `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`],
    ["settled", `after ${seconds.toFixed(1)} s`, `${(orders / seconds).toFixed(1)} orders/s`],
    ["retried", `${grouped(callsRetried)} calls`, byCode(retries)],
    ["errors", String(countOf(errors)), byCode(errors)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value, note]) => `${name.padEnd(width)}${value}${note === "" ? "" : `  (${note})`}`).join("\n");
}

function byCode(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([code, count]) => `${code} ${count}`)
    .join(", ");
}

function countOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
