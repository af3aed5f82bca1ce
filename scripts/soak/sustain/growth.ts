/** The figures of one moment, by name, such as `table source.holon_outbox`. */
export type Sample = Readonly<Record<string, number>>;

/** The course of one figure over the whole run. */
export interface Growth {
  readonly name: string;
  /** The values of all samples, in the order in which they were taken. */
  readonly values: readonly number[];
  /** The highest value of each quarter of the run. */
  readonly quarters: readonly [number, number, number, number];
  /** The last quarter divided by the second. */
  readonly ratio: number;
  /** Whether the figure grew by more than the limit. */
  readonly isGrowing: boolean;
}

/** The highest allowed ratio of the last quarter to the second. */
const GREATEST_RATIO = 1.1;

/** The largest difference that is ignored, by the first word of a figure's name. Units: bytes, but pieces for queues, handles and connections. */
const NOTHING: Readonly<Record<string, number>> = {
  table: 1024 * 1024,
  index: 1024 * 1024,
  redis: 4 * 1024 * 1024,
  memory: 8 * 1024 * 1024,
  queue: 2_000,
  handles: 5,
  connections: 2,
};

/**
 * Compares the quarters of the run. The first is ignored: caches fill, and nothing is old enough to be removed. Errors: RangeError for fewer than
 * eight samples.
 */
export function growthOf(samples: readonly Sample[]): readonly Growth[] {
  if (samples.length < 8) throw new RangeError(`${samples.length} samples cannot be parted into quarters`);
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample)))].sort();
  return names.map((name) => {
    const values = samples.map((sample) => sample[name] ?? 0);
    const of = (quarter: number): number => greatest(values, quarter);
    const quarters: Growth["quarters"] = [of(0), of(1), of(2), of(3)];
    const [, second, , last] = quarters;
    const ratio = second === 0 ? (last === 0 ? 1 : Number.POSITIVE_INFINITY) : last / second;
    const nothing = NOTHING[name.split(" ")[0] as string] ?? 0;
    return { name, values, quarters, ratio, isGrowing: ratio > GREATEST_RATIO && last - second > nothing };
  });
}

function greatest(values: readonly number[], quarter: number): number {
  const from = Math.floor((values.length * quarter) / 4);
  const to = Math.floor((values.length * (quarter + 1)) / 4);
  return Math.max(...values.slice(from, to));
}
