/** Counts what happens during a replay. */
export interface Tally {
  succeeded(tookMs: number): void;
  failed(code: string): void;
  retried(code: string): void;
  /** Counts a call that was retried at least once. */
  callRetried(): void;
  readonly done: number;
  summary(elapsedMs: number): TallySummary;
}

/** The totals of a {@link Tally}. Units: milliseconds; rate in orders a second. */
export interface TallySummary {
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly retries: Readonly<Record<string, number>>;
  readonly callsRetried: number;
}

/** Makes an empty tally. */
export function createTally(): Tally {
  const tookMs: number[] = [];
  const errors: Record<string, number> = {};
  const retries: Record<string, number> = {};
  let callsRetried = 0;
  let failures = 0;
  return {
    succeeded: (ms) => void tookMs.push(ms),
    failed(code) {
      failures++;
      errors[code] = (errors[code] ?? 0) + 1;
    },
    retried(code) {
      retries[code] = (retries[code] ?? 0) + 1;
    },
    callRetried: () => void callsRetried++,
    get done() {
      return tookMs.length + failures;
    },
    summary(elapsedMs) {
      const sorted = [...tookMs].sort((a, b) => a - b);
      return {
        rate: elapsedMs === 0 ? 0 : (tookMs.length * 1_000) / elapsedMs,
        p50Ms: quantile(sorted, 0.5),
        p99Ms: quantile(sorted, 0.99),
        errors,
        retries,
        callsRetried,
      };
    },
  };
}

/** The value that a share of the sorted values does not exceed; 0 if there are no values. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
