import { median, type Row } from "./report.ts";
import { renderTable } from "./table.ts";

/** One figure of two states of the code. */
export interface ComparedRow {
  readonly bench: string;
  readonly contender: string;
  readonly concurrency: number;
  readonly metric: string;
  /** The medians of the rounds. */
  readonly base: number;
  readonly now: number;
  /** The median of {@link ratios}. */
  readonly ratio: number;
  /** The checkout's value divided by the base's, for each round. Other load in a round slows both, so their ratio stays comparable. */
  readonly ratios: readonly number[];
  /** The second measurement of the base divided by its first, for each round; empty if the base was measured only once a round. */
  readonly noise: readonly number[];
  /** Whether the figure is worse by more than noise. */
  readonly isWorse: boolean;
}

/** The rows of each state: one list for each round. */
export interface ComparedRounds {
  readonly base: readonly (readonly Row[])[];
  readonly again: readonly (readonly Row[])[];
  readonly now: readonly (readonly Row[])[];
}

/** If the median changes by less than this share of the base, the change is noise, whatever the rounds show. */
const SMALLEST_PART = 0.03;

/** The conditions of a comparison. */
export interface ComparisonFacts {
  readonly base: string;
  readonly rounds: number;
  readonly machine: string;
  readonly load: string;
}

/** Compares each figure that both states have in every round. The figures keep the order of `now`. */
export function compareRows({ base, again, now }: ComparedRounds): readonly ComparedRow[] {
  const [first = []] = now;
  return first.flatMap((row) => {
    const values = (rounds: readonly (readonly Row[])[]): number[] => rounds.flatMap((rows) => rows.find((other) => isSame(row, other))?.value ?? []);
    const [before, after, repeated] = [values(base), values(now), values(again)];
    if (before.length !== now.length || after.length !== now.length) return [];
    const { bench, contender, concurrency, metric } = row;
    const ratios = after.map((value, round) => value / (before[round] as number));
    const noise = repeated.map((value, round) => value / (before[round] as number));
    const ratio = median(ratios);
    const isWorse = isWorseThanNoise(metric, ratios, noise);
    return [{ bench, contender, concurrency, metric, base: median(before), now: median(after), ratio, ratios, noise, isWorse }];
  });
}

/**
 * Whether a figure is worse by more than noise. The median loss must exceed three hundredths, and also the median difference between the two measurements of
 * the base, if there were two. At least three quarters of the rounds must be worse. A 99th percentile is never counted as worse.
 */
function isWorseThanNoise(metric: string, ratios: readonly number[], noise: readonly number[]): boolean {
  if (metric.includes("P99") || metric.startsWith("p99")) return false;
  const losses = ratios.map((ratio) => lossOf(metric, ratio));
  const worse = losses.filter((loss) => loss > 0).length;
  const differs = noise.length === 0 ? 0 : median(noise.map((ratio) => Math.abs(lossOf(metric, ratio))));
  return median(losses) > Math.max(SMALLEST_PART, differs) && worse >= Math.ceil(losses.length * 0.75);
}

/** By which share of the base the figure is worse; negative if it is better. */
function lossOf(metric: string, ratio: number): number {
  return metric.endsWith("PerSecond") ? 1 - ratio : ratio - 1;
}

function isSame(one: Row, other: Row): boolean {
  return one.bench === other.bench && one.contender === other.contender && one.concurrency === other.concurrency && one.metric === other.metric;
}

/** Renders the figures as Markdown, with the ratios of each round, and at the end the figures that are worse. */
export function renderComparison(rows: readonly ComparedRow[], { base, rounds, machine, load }: ComparisonFacts): string {
  const isNoisy = rows.some(({ noise }) => noise.length > 0);
  const head = ["bench", "contender", "metric", "at once", "base", "now", "ratio", ...(isNoisy ? ["base again"] : []), "ratio of each round"];
  const lines = rows.map((row) => [
    ...[row.bench, row.contender, row.metric, String(row.concurrency), format(row.base), format(row.now)],
    `${row.ratio.toFixed(3)}${row.isWorse ? " worse" : ""}`,
    ...(isNoisy ? [row.noise.length === 0 ? "-" : median(row.noise).toFixed(3)] : []),
    row.ratios.map((ratio) => ratio.toFixed(2)).join(" "),
  ]);
  const worse = rows
    .filter(({ isWorse }) => isWorse)
    .map(({ bench, contender, concurrency, metric }) => `${bench} ${contender} ${metric} at ${concurrency}`);
  return [
    `Base ${base}, this checkout against it. ${rounds} rounds. ${machine}; load ${load} at the end.`,
    renderTable(head, lines, 3),
    worse.length === 0 ? "Nothing is worse by more than noise." : `Worse by more than noise: ${worse.join(", ")}.`,
  ].join("\n\n");
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
